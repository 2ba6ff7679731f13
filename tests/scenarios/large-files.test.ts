import { createHash, randomFillSync } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { Meeting } from '@parley/contracts'
import { eventually } from '@parley/kit/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { anAccount, createMeeting, type Account } from '../support/accounts.ts'
import { announced, complete, content, send } from '../support/files.ts'
import { startStack, type StackFile } from '../support/product.ts'

const mebi = 1024 * 1024
const sizeBytes = 1024 * mebi
/** A process that does nothing has 160 MiB. */
const mostResidentBytes = { gateways: 256 * mebi, media: 200 * mebi }

describe('a file of 1 GiB', () => {
  let stack: Awaited<ReturnType<typeof startStack>>
  let url: string
  let ada: Account
  let meeting: Meeting
  beforeAll(async () => {
    stack = await startStack(['--respawn'])
    url = stack.gateways[0] ?? ''
    ada = await anAccount(url, 'Ada')
    meeting = await createMeeting(url, ada)
  }, 120_000)
  afterAll(() => stack.stop(), 60_000)

  const watchMemory = () => {
    const most = { gateways: 0, media: 0 }
    const look = async (): Promise<void> => {
      const now = await stack.present()
      for (const name of ['gateways', 'media'] as const)
        for (const { pid } of now[name]) most[name] = Math.max(most[name], await residentBytes(pid))
    }
    const timer = setInterval(() => void look(), 200)
    return { most, stop: () => clearInterval(timer) }
  }
  const killOne = async (name: 'gateways' | 'media'): Promise<void> => {
    const pid = pidOf(await stack.present(), name)
    process.kill(pid, 'SIGKILL')
    await eventually(async () => expect(pidOf(await stack.present(), name)).not.toBe(pid), 30_000)
  }

  it('F1 goes up in parts through a restart of media and of the gateway, and comes back, in little memory', async () => {
    const made = await announced(url, ada, {
      meetingId: meeting.id,
      sizeBytes,
      contentType: 'application/octet-stream',
    })
    const { partSizeBytes } = made.upload
    const part = new Uint8Array(partSizeBytes)
    const sent = createHash('sha256')
    const memory = watchMemory()
    const kills = new Map<number, 'gateways' | 'media'>([
      [40, 'media'],
      [80, 'gateways'],
    ])
    for (let from = 0; from < sizeBytes; from += partSizeBytes) {
      randomFillSync(part)
      sent.update(part)
      const victim = kills.get(from / partSizeBytes)
      const killing = victim === undefined ? undefined : killOne(victim)
      // A part that was under way when somebody was killed is lost, and sent again.
      await eventually(async () => expect(await send(ada, made, part, from)).toMatchObject({ status: 200 }), 30_000)
      await killing
    }
    const done = await eventually(async () => {
      const answer = await complete(url, ada, made)
      expect(answer.status).toBe(200)
      return answer
    }, 30_000)
    expect(done.body).toMatchObject({ status: 'ready', sizeBytes })
    const got = createHash('sha256')
    for await (const chunk of (await content(url, ada, made.file.id)).body ?? []) got.update(chunk)
    memory.stop()
    process.stderr.write(`1 GiB: gateway ${memory.most.gateways / mebi} MiB, media ${memory.most.media / mebi} MiB\n`)
    expect(got.digest('hex')).toBe(sent.digest('hex'))
    expect(memory.most.gateways).toBeLessThan(mostResidentBytes.gateways)
    expect(memory.most.media).toBeLessThan(mostResidentBytes.media)
  }, 240_000)
})

const pidOf = (file: StackFile, name: 'gateways' | 'media'): number => file[name][0]?.pid ?? 0

/** Zero for a process that is gone. */
async function residentBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? 0) * 1024
}
