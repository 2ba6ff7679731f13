import { createHash } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Meeting, Recording, Sfu } from '@parley/contracts'
import { eventually } from '@parley/kit/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { anAccount, callOrThrow, createMeeting, type Account } from '../support/accounts.ts'
import { rest } from '../support/people.ts'
import { startStack, type Product, type StackFile } from '../support/product.ts'
import { takeSeat, type Seated } from '../support/protocol-socket.ts'
import { colourClip, toneClip, type Clip } from '../support/sfu/clips.ts'
import { Publisher } from '../support/sfu/publisher.ts'

const looks: Record<string, { mic: Clip; cam: Clip }> = {}

describe('V3 recordings', () => {
  let product: Product & { file: StackFile }
  let url = ''

  beforeAll(async () => {
    product = await startStack(['--media', '2', '--janus', '2'], { RATE_LIMITS: 'off', RECORDING_EMPTY_SECONDS: '3' })
    url = product.gateways[0] ?? ''
    for (const [name, colour, hz] of [
      ['Ann', 'red', 400],
      ['Bob', '#00e000', 900],
      ['Cy', 'blue', 2000],
    ] as const)
      looks[name] = { cam: colourClip(colour), mic: toneClip(hz) }
  }, 120_000)
  afterAll(() => product.stop(), 60_000)

  it('records', async () => {
    const ann = await anAccount(url, 'Ann')
    const meeting = await createMeeting(url, ann, { settings: { topology: 'sfu', recording: true } })
    const seat = await takeSeat(url, ann, meeting)
    const sfu = await callOrThrow<Sfu>(ann, 'GET', `${url}/v1/meetings/${meeting.id}/janus-token`)
    const publisher = await Publisher.publish(sfu, ann.token, looks['Ann']!)
    const recording = await callOrThrow<Recording>(ann, 'POST', `${url}/v1/meetings/${meeting.id}/recordings`, {})
    console.log(recording)
    await sleep(8000)
    await callOrThrow<Recording>(ann, 'POST', `${url}/v1/recordings/${recording.id}/stop`, {})
    const done = await eventually(async () => {
      const now = await callOrThrow<Recording>(ann, 'GET', `${url}/v1/recordings/${recording.id}`)
      if (now.status !== 'ready' && now.status !== 'failed') throw new Error(now.status)
      return now
    }, 30_000)
    console.log(
      done,
      seat.socket.all
        .filter(({ type }) => type.startsWith('recording') || type.startsWith('chat'))
        .map(({ type, payload }) => [type, JSON.stringify(payload).slice(0, 300)]),
    )
    await publisher.close()
    console.log(
      product
        .output()
        .split('\n')
        .filter((l) => /recording|film/i.test(l))
        .slice(-20)
        .join('\n'),
    )
  }, 90_000)
})
