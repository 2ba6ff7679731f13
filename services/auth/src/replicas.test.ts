import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createMemoryBus, createMemoryKv, createLogger, openDatabase } from '@parley/kit'
import { eventually, startPostgres, steppingClock, type RunningServer } from '@parley/kit/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { PublicJwk } from './keys/signing-key.ts'
import { publishAheadMs } from './keys/schedule.ts'
import { startAuth, type Stage, type TestAuth } from './testing/harness.ts'
import { me, password, refresh, signUp, withRefreshToken } from './testing/people.ts'

const log = createLogger({ service: 'auth-test', level: 'silent' })
const clock = steppingClock()
const bus = createMemoryBus({ log })
let dir: string
let postgres: RunningServer
let stages: [Stage, Stage]
let one: TestAuth
let two: TestAuth

/** Two processes in all but name: each has its own connections; only the database and the bus are shared. */
async function stageOn(url: string): Promise<Stage> {
  const kv = createMemoryKv({ log })
  const database = await openDatabase({ url }, { log })
  return { log, bus, kv, database, close: () => Promise.all([kv.close(), database.close()]).then(() => {}) }
}

async function startBoth(): Promise<void> {
  const [first, second] = stages
  ;[one, two] = await Promise.all([startAuth(first, { clock }), startAuth(second, { clock })])
}

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'parley-auth-'))
  postgres = await startPostgres({ dir })
  const { url } = postgres
  stages = await Promise.all([stageOn(url), stageOn(url)])
  await startBoth()
})
afterAll(async () => {
  await Promise.all([one.stop(), two.stop()])
  await Promise.all(stages.map((stage) => stage.close()))
  await postgres.stop()
  await rm(dir, { recursive: true })
})

const kids = async (auth: TestAuth) =>
  (await auth.call('GET', '/.well-known/jwks.json')).as<{ keys: PublicJwk[] }>().keys.map(({ kid }) => kid)

test('A10 two replicas that start at once on an empty database sign with one key', async () => {
  expect(await one.db.selectFrom('signing_keys').select('kid').execute()).toHaveLength(1)
  expect(await kids(one)).toEqual(await kids(two))
  const { accessToken } = await signUp(one)
  expect((await me(two, accessToken)).status).toBe(200)
})

test('S8 50 parallel refreshes over two replicas give one successor', async () => {
  const { refreshToken } = await signUp(one)
  const replies = await Promise.all(
    Array.from({ length: 50 }, (_, index) => refresh(index % 2 === 0 ? one : two, refreshToken)),
  )
  expect(new Set(replies.map((reply) => withRefreshToken(reply).refreshToken)).size).toBe(1)
})

test('C14 S8 a lost answer is given again by a replica whose clock is a minute off', async () => {
  for (const ms of [60_000, -60_000]) {
    const { refreshToken } = await signUp(one)
    const lost = withRefreshToken(await refresh(one, refreshToken))
    clock.step(ms)
    expect(withRefreshToken(await refresh(two, refreshToken)).refreshToken).toBe(lost.refreshToken)
    clock.step(-ms)
  }
})

test('A4 S7 a token that one replica revokes is refused by the other within a second', async () => {
  const { accessToken, refreshToken } = await signUp(one)
  await one.call('POST', '/v1/auth/logout', { body: { refreshToken } })
  await eventually(async () => expect((await me(two, accessToken)).status).toBe(401), 1000)
})

test('A1 A2 A5 with PostgreSQL away the answer is 503 with Retry-After, quickly, and good again afterwards', async () => {
  const someone = await signUp(one)
  await postgres.stop()
  const since = Date.now()
  const reply = await one.call('POST', '/v1/auth/login', { body: { email: someone.email, password } })
  expect(reply.problem()).toMatchObject({ status: 503, code: 'unavailable', retryable: true })
  expect(reply.headers.get('retry-after')).toBe('1')
  expect(Date.now() - since).toBeLessThan(5000)
  const reachable = ['/.well-known/jwks.json', '/livez', '/readyz'].map(
    async (path) => (await one.call('GET', path)).status,
  )
  expect(await Promise.all(reachable)).toEqual([200, 200, 503])
  postgres = await startPostgres({ dir, port: postgres.port })
  await eventually(async () => expect((await me(one, someone.accessToken)).status).toBe(200))
})

test('A10 a rotation logs nobody out: the new key is published before it signs, the old one after', async () => {
  const before = await signUp(one)
  const [oldKid] = await kids(one)
  clock.advance(30 * 24 * 3600_000 - publishAheadMs)
  // The work of a minute, here at once: both replicas find the rotation due.
  await Promise.all([one.stop(), two.stop()])
  await startBoth()
  const both = await kids(one)
  expect(both).toHaveLength(2)
  expect(both).toEqual(await kids(two))
  const ahead = withRefreshToken(await refresh(one, before.refreshToken))
  expect(kidOf(ahead.accessToken)).toBe(oldKid)
  clock.advance(publishAheadMs - 1000)
  const justBefore = await signUp(one)
  clock.advance(1000)
  const after = await signUp(two)
  expect(kidOf(after.accessToken)).toBe(both.find((kid) => kid !== oldKid))
  for (const { accessToken } of [justBefore, after])
    for (const auth of [one, two]) expect((await me(auth, accessToken)).status).toBe(200)
  clock.advance(21 * 60_000)
  expect(await kids(one)).toEqual([kidOf(after.accessToken)])
})

const kidOf = (token: string): string =>
  JSON.parse(Buffer.from(token.split('.', 1)[0] ?? '', 'base64url').toString()).kid
