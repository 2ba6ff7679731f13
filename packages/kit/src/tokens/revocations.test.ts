import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { silentLog } from '../testing/silent-log.ts'
import { createRevocations, type Revocation } from './revocations.ts'

const principal = { userId: 'u1', sessionId: 's1', epoch: 3 }
let items: Revocation[] = []
let down = false
let asked: number[] = []

function open() {
  const fetch = async (sinceMs: number) => {
    asked.push(sinceMs)
    if (down) throw new Error('down')
    return { items: items.filter(({ at }) => at >= sinceMs), now: Date.now() }
  }
  return createRevocations({ fetch, log: silentLog() })
}
beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000 })
  items = []
  asked = []
  down = false
})
afterEach(() => vi.useRealTimers())

test('a session that ended is revoked; another session of the user is not', () => {
  const revocations = open()
  revocations.add({ kind: 'session', id: 's1', at: 0 })
  expect([revocations.isRevoked(principal), revocations.isRevoked({ ...principal, sessionId: 's2' })]).toEqual([
    true,
    false,
  ])
})

test('an epoch revokes the tokens of those before it, and does not go back', () => {
  const revocations = open()
  revocations.add({ kind: 'user', id: 'u1', epoch: 5, at: 0 })
  revocations.add({ kind: 'user', id: 'u1', epoch: 4, at: 1 })
  expect([3, 4, 5, 6].map((epoch) => revocations.isRevoked({ ...principal, epoch }))).toEqual([
    true,
    true,
    false,
    false,
  ])
})

test('a polled revocation is announced once, however often it is found or hinted', async () => {
  const revocations = open()
  const told: string[] = []
  const off = revocations.onRevoked(({ id }) => void told.push(id))
  items = [{ kind: 'session', id: 's1', at: 999_000 }]
  await revocations.start()
  revocations.add({ kind: 'session', id: 's1', at: 999_000 })
  await vi.advanceTimersByTimeAsync(5000)
  off()
  revocations.add({ kind: 'session', id: 's9', at: 0 })
  revocations.stop()
  expect(told).toEqual(['s1'])
})

test('polls look back 10 s, and an outage loses nothing', async () => {
  const revocations = open()
  await revocations.start()
  down = true
  await vi.advanceTimersByTimeAsync(60_000)
  expect(revocations.ready()).toBe(false)
  items = [{ kind: 'session', id: 's1', at: 995_000 }]
  down = false
  await vi.advanceTimersByTimeAsync(1000)
  revocations.stop()
  expect([asked[0], new Set(asked.slice(1, -1)), revocations.isRevoked(principal), revocations.ready()]).toEqual([
    0,
    new Set([990_000]),
    true,
    true,
  ])
})

test('items are kept for 20 minutes', async () => {
  const revocations = open()
  await revocations.start()
  revocations.add({ kind: 'session', id: 's1', at: 0 })
  await vi.advanceTimersByTimeAsync(19 * 60_000)
  expect(revocations.isRevoked(principal)).toBe(true)
  await vi.advanceTimersByTimeAsync(2 * 60_000)
  revocations.stop()
  expect(revocations.isRevoked(principal)).toBe(false)
})
