import type { JoinTokenInfo, Meeting, Participant } from '@parley/contracts'
import { eventually } from '@parley/kit/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { aGuest, anAccount, callOrThrow, createMeeting, type Account } from '../support/accounts.ts'
import { hintsFor } from '../support/nodes.ts'
import { rest } from '../support/people.ts'
import { startStack, type Product, type StackFile } from '../support/product.ts'
import { ProtocolSocket } from '../support/protocol-socket.ts'

const device = { mic: false, cam: false }
const crowd = 200
const seats = 50
const patienceMs = 15_000
const tryAgain = new Set(['deadline-exceeded', 'unavailable'])

describe('limits under a rush, distributed', () => {
  let product: Product & { file: StackFile }
  let hints: string[]
  let host: Account
  let guests: Account[]
  beforeAll(async () => {
    product = await startStack(['--gateway', '2', '--signaling', '2', '--meetings', '2', '--chat', '2'])
    hints = await hintsFor(product.file.signaling, url(0))
    host = await anAccount(url(0), 'Host')
    guests = await inBatches(crowd, (n) => aGuest(url(n), `Guest ${n}`))
  }, 120_000)
  afterAll(() => product.stop(), 60_000)

  const url = (n: number) => product.gateways[n % product.gateways.length] ?? ''

  it('M9 of fifty users with a join token for one, one gets in, now and again later', async () => {
    const meeting = await createMeeting(url(0), host, { type: 'invited_only' })
    const path = `${url(0)}/v1/meetings/${meeting.id}/tokens`
    const { joinToken } = await callOrThrow<{ joinToken: string }>(host, 'POST', path, { uses: 1 })
    const join = (who: Account, n: number) =>
      rest('POST', `${url(n)}/v1/meetings/join`, { token: who.token, body: { joinToken } })
    const fifty = guests.slice(0, 50)
    const answers = await Promise.all(fifty.map(join))
    const codes = answers.map(({ status, body }) => (status === 200 ? 'in' : body['code']))
    expect(codes.toSorted()).toEqual(['in', ...Array<string>(49).fill('join-token-invalid')])
    const winner = fifty[codes.indexOf('in')]
    expect(winner && (await join(winner, 1)).status).toBe(200)
    const { items } = await callOrThrow<{ items: JoinTokenInfo[] }>(host, 'GET', path)
    expect(items).toMatchObject([{ uses: 1, usesLeft: 0 }])
    expect((await join(fifty[codes.indexOf('join-token-invalid')] ?? host, 0)).body).toMatchObject({
      code: 'join-token-invalid',
    })
  }, 60_000)

  it('M17 of two hundred users who join a meeting for fifty at once, fifty get in and the others get meeting-full', async () => {
    const meeting = await createMeeting(url(0), host, { maxParticipants: seats })
    const sockets = await inBatches(crowd, (n) => ProtocolSocket.open(url(n), guests[n]?.token, hints[n % 2]))
    const enter = async (n: number) => {
      const until = Date.now() + patienceMs
      for (;;) {
        const { roomToken, refused } = await atTheDoor(n, meeting)
        const outcome = refused ?? (await sockets[n]?.outcome('room.join', { roomToken, device }))
        // A machine that is busy with other things may be too slow: whoever is told so tries again, as the SDK does.
        if (!tryAgain.has(outcome ?? '') || Date.now() > until) return outcome
      }
    }
    const outcomes = await Promise.all(sockets.map((_, n) => enter(n)))
    const inside = numbersOf(outcomes, 'room.joined')
    const outside = numbersOf(outcomes, 'meeting-full')
    expect([inside.length, outside.length]).toEqual([seats, crowd - seats])

    // Everybody sees the same fifty, whatever node they are on.
    const expected = inside.map((n) => `Guest ${n}`).toSorted()
    for (const n of [inside.find((one) => one % 2 === 0), inside.find((one) => one % 2 === 1)])
      await eventually(async () => expect(await rosterOf(sockets[n ?? 0])).toEqual(expected))
    await eventually(async () => expect((await presentIn(meeting)).toSorted()).toEqual(expected), 15_000)

    // As many as leave come in after them, of those who were refused.
    for (const n of inside.slice(0, 5)) expect(await sockets[n]?.outcome('room.leave')).toBe('room.left')
    const again = await Promise.all(outside.slice(0, 25).map((n) => enter(n)))
    expect(again.toSorted()).toEqual([
      ...Array<string>(20).fill('meeting-full'),
      ...Array<string>(5).fill('room.joined'),
    ])
    for (const socket of sockets) socket.drop()
  }, 120_000)

  /** A room token, or the code of the problem that one is refused with: a meeting may be full by then. */
  const atTheDoor = async (n: number, { code }: Meeting): Promise<{ roomToken?: string; refused?: string }> => {
    const { status, body } = await rest('POST', `${url(n)}/v1/meetings/join`, {
      token: guests[n]?.token ?? '',
      body: { code },
    })
    return status === 200 ? { roomToken: String(body['roomToken']) } : { refused: String(body['code']) }
  }
  const presentIn = async ({ id }: Meeting) =>
    (
      await callOrThrow<{ participants: { name: string }[] }>(host, 'GET', `${url(1)}/v1/meetings/${id}`)
    ).participants.map(({ name }) => name)
})

const numbersOf = (outcomes: readonly (string | undefined)[], outcome: string): number[] =>
  outcomes.flatMap((one, n) => (one === outcome ? [n] : []))

async function rosterOf(socket: ProtocolSocket | undefined): Promise<string[]> {
  if (!socket) throw new Error('nobody is inside')
  const { payload } = await socket.ask('room.sync', { v: 0 })
  const self = payload['selfParticipant'] as Participant | undefined
  const others = (payload['peers'] ?? payload['upserts']) as Participant[]
  return [...others, ...(self ? [self] : [])].map(({ name }) => name).toSorted()
}

/** Does it for every number below `count`, some at a time, so that what is measured afterwards is not this. */
async function inBatches<T>(count: number, task: (n: number) => Promise<T>): Promise<T[]> {
  const done: T[] = []
  for (let from = 0; from < count; from += 20)
    done.push(...(await Promise.all(Array.from({ length: Math.min(20, count - from) }, (_, n) => task(from + n)))))
  return done
}
