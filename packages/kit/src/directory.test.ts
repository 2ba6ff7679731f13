import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createMemoryKv } from './kv/kv-memory.ts'
import type { Kv } from './kv/kv.ts'
import { announce, createDirectory, type Directory } from './directory.ts'
import { silentLog } from './testing/silent-log.ts'

let kv: Kv
let directory: Directory
let down = false
const log = silentLog()

beforeEach(() => {
  vi.useFakeTimers()
  down = false
  kv = createMemoryKv()
  const alive = kv.alive.bind(kv)
  kv.alive = async (key) => {
    if (down) throw new Error('down')
    return alive(key)
  }
  directory = createDirectory(kv, ['auth'], { log })
})
afterEach(async () => {
  directory.stop()
  vi.useRealTimers()
  await kv.close()
})
const ids = (): string[] => directory.instances('auth').map(({ id }) => id)

test('instances are seen within a second, in order, and go when they withdraw', async () => {
  await directory.start()
  expect(ids()).toEqual([])
  const b = announce(kv, { name: 'auth', id: 'b', url: 'http://b', log })
  announce(kv, { name: 'auth', id: 'a', url: 'http://a', log })
  await vi.advanceTimersByTimeAsync(1000)
  expect(directory.instances('auth')).toEqual([
    { id: 'a', url: 'http://a' },
    { id: 'b', url: 'http://b' },
  ])
  await b.withdraw()
  await vi.advanceTimersByTimeAsync(10_000)
  expect(ids()).toEqual(['a'])
})

test('one that dies without withdrawing goes after 6 s', async () => {
  await kv.announce('services:auth', JSON.stringify({ id: 'dead', url: 'http://d' }), 6000)
  announce(kv, { name: 'auth', id: 'a', url: 'http://a', log })
  await directory.start()
  expect(ids()).toEqual(['a', 'dead'])
  await vi.advanceTimersByTimeAsync(7000)
  expect(ids()).toEqual(['a'])
})

test('the last list is kept while the store is away, and for a while when it comes back empty', async () => {
  const a = announce(kv, { name: 'auth', id: 'a', url: 'http://a', log })
  await directory.start()
  down = true
  await vi.advanceTimersByTimeAsync(60_000)
  expect(ids()).toEqual(['a'])
  await a.withdraw()
  down = false
  await vi.advanceTimersByTimeAsync(3000)
  expect(ids()).toEqual(['a'])
  await vi.advanceTimersByTimeAsync(6000)
  expect(ids()).toEqual([])
})

test('an entry that is not an instance is passed over', async () => {
  await kv.announce('services:auth', 'nonsense', 6000)
  await kv.announce('services:auth', '{"id":5}', 6000)
  await directory.start()
  expect([ids(), directory.instances('other')]).toEqual([[], []])
})
