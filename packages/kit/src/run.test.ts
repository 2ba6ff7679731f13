import { spawn, type ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { connectRedisKv } from './kv/kv-redis.ts'
import { createDirectory } from './directory.ts'
import { startNats, startPostgres, startRedis, type RunningServer } from './testing/servers.ts'
import { eventually } from './testing/eventually.ts'
import { freePort } from './testing/ports.ts'
import { silentLog } from './testing/silent-log.ts'

let nats: RunningServer
let redis: RunningServer
let postgres: RunningServer
beforeAll(async () => {
  ;[nats, redis, postgres] = await Promise.all([startNats(), startRedis(), startPostgres()])
}, 60_000)
afterAll(() => Promise.all([nats.stop(), redis.stop(), postgres.stop()]))
const processes: ChildProcess[] = []
afterEach(() => processes.splice(0).forEach((one) => one.kill('SIGKILL')))

function run(env: Record<string, string> = {}, ...args: string[]) {
  const urls = { NATS_URL: nats.url, REDIS_URL: redis.url, DATABASE_URL: postgres.url }
  const child = spawn(process.execPath, [join(import.meta.dirname, 'run.fixture.ts'), ...args], {
    env: { ...process.env, ...urls, NODE_ENV: 'test', LOG_FORMAT: 'json', ...env },
  })
  processes.push(child)
  let seen = ''
  child.stdout.on('data', (chunk) => (seen += String(chunk)))
  child.stderr.on('data', (chunk) => (seen += String(chunk)))
  const exit = new Promise<number | null>((resolve) => child.once('exit', resolve))
  const url = () =>
    eventually(() => /"url":"([^"]+)"[^\n]*"ready"/.exec(seen)?.[1] ?? Promise.reject(new Error(seen)), 10_000)
  return { child, exit, url, seen: () => seen }
}

test('it serves, is found in the directory, and on SIGTERM leaves it, finishes its work and exits 0', async () => {
  const { child, exit, url } = run()
  const at = await url()
  expect(await (await fetch(`${at}/readyz`)).json()).toMatchObject({
    status: 'ok',
    checks: { bus: true, kv: true, kvKeepsAll: true },
  })
  const kv = await connectRedisKv({ url: redis.url, log: silentLog() })
  const directory = createDirectory(kv, ['fixture'], { log: silentLog() })
  await directory.start()
  expect(directory.instances('fixture')).toMatchObject([{ url: at }])
  const slow = fetch(`${at}/slow`)
  await new Promise((resolve) => setTimeout(resolve, 100))
  child.kill('SIGTERM')
  await eventually(async () => expect(await kv.alive('services:fixture')).toEqual([]))
  expect(await (await slow).json()).toEqual({ notes: 0 })
  expect(await exit).toBe(0)
  directory.stop()
  await kv.close()
}, 20_000)

test('a bad environment is one message without a stack, and exit code 1', async () => {
  const { exit, seen } = run({ PORT: 'http', NATS_URL: 'x', DRAIN_MS: '-1', LOG_FORMAT: 'pretty' })
  expect(await exit).toBe(1)
  expect(seen()).toMatch(
    /^fixture cannot start: The configuration has 3 faults:\n {2}PORT: "http"[^\n]*\n {2}NATS_URL: its value[^\n]*\n {2}DRAIN_MS: "-1"[^\n]*\n$/,
  )
}, 10_000)

test('a port in use is one sentence', async () => {
  const { exit, seen } = run({ PORT: String(nats.port), LOG_FORMAT: 'pretty' })
  expect(await exit).toBe(1)
  expect(seen()).toContain(`fixture cannot start: port ${nats.port} is in use\n`)
}, 10_000)

test('a Redis Cluster is one sentence, and exit code 1', async () => {
  const cluster = await startRedis({ args: ['--cluster-enabled', 'yes'] })
  const { exit, seen } = run({ REDIS_URL: cluster.url, LOG_FORMAT: 'pretty' })
  expect(await exit).toBe(1)
  expect(seen()).toMatch(/fixture cannot start: REDIS_URL names a Redis Cluster \(cluster_enabled:1\)[^\n]*\n$/)
  expect(seen()).not.toContain('"ready"')
  await cluster.stop()
}, 15_000)

test('O2 with LOG_FORMAT=json what ends the start is a line of JSON', async () => {
  const { exit, seen } = run({ PORT: String(nats.port) })
  expect(await exit).toBe(1)
  const lines = seen()
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
  const msg = `cannot start: port ${nats.port} is in use`
  expect(lines).toContainEqual(expect.objectContaining({ level: 'fatal', service: 'fixture', msg }))
}, 15_000)

test('O2 says why it waits for PostgreSQL, Redis and NATS, and starts when they are there', async () => {
  const port = await freePort()
  const away = (server: string) => server.replace(/:\d+/, `:${port}`)
  const waiting = [
    { env: { NATS_URL: away(nats.url) }, says: /waiting for NATS/ },
    { env: { REDIS_URL: away(redis.url) }, says: /waiting for Redis/ },
    { env: { DATABASE_URL: postgres.url.replace(/:\d+\//, `:${port}/`) }, says: /waiting for PostgreSQL/ },
  ].map(({ env, ...told }) => ({ ...run(env), ...told }))
  await eventually(() => {
    for (const { seen, says } of waiting)
      expect(
        seen()
          .split('\n')
          .find((line) => says.test(line)) ?? seen(),
      ).toMatch(/REFUSED/)
  }, 30_000)
  for (const { child } of waiting.slice(0, 2)) child.kill('SIGKILL')
  const late = await startPostgres({ port })
  await waiting.at(-1)?.url()
  await late.stop()
}, 60_000)

test('O2 a migration that fails says what the database said', async () => {
  const db = new pg.Client(postgres.url)
  await db.connect()
  await db.query('drop schema if exists fixture cascade; create schema fixture; create table fixture.note (id int)')
  const { exit, seen } = run({ LOG_FORMAT: 'pretty' })
  expect(await exit).toBe(1)
  expect(seen()).toContain(
    'fixture cannot start: cannot migrate schema fixture (001-note): relation "note" already exists\n',
  )
  await db.query('drop schema fixture cascade')
  await db.end()
}, 15_000)

test('C21 with a Redis that evicts it serves, and is degraded where one looks', async () => {
  const evicting = await startRedis({ args: ['--maxmemory', '100mb', '--maxmemory-policy', 'allkeys-lru'] })
  const { url, seen } = run({ REDIS_URL: evicting.url })
  const at = await url()
  const ready = await fetch(`${at}/readyz`)
  expect([ready.status, await ready.json()]).toMatchObject([200, { status: 'degraded', checks: { kvKeepsAll: false } }])
  const metrics = await (await fetch(`${at}/metrics`)).text()
  expect(metrics).toContain('parley_dependency_up{service="fixture",dependency="kvKeepsAll"} 0')
  expect(seen()).toMatch(/"level":"warn"[^\n]*maxmemory-policy allkeys-lru/)
  await evicting.stop()
}, 15_000)

test('--help lists the variables, and exits', async () => {
  const { exit, seen } = run({}, '--help')
  expect(await exit).toBe(0)
  expect(seen()).toMatch(/DRAIN_MS +how long .*\(default 25000\)/)
}, 10_000)

test('a second signal ends it at once', async () => {
  const { child, exit, url } = run({ MODE: 'stuck' })
  await url()
  child.kill('SIGTERM')
  await new Promise((resolve) => setTimeout(resolve, 300))
  child.kill('SIGINT')
  expect(await exit).toBe(1)
}, 15_000)

test('stopping has a deadline', async () => {
  const { child, exit, url } = run({ MODE: 'stuck', DRAIN_MS: '100' })
  await url()
  const from = Date.now()
  child.kill('SIGTERM')
  expect([await exit, Date.now() - from < 6000]).toEqual([1, true])
}, 15_000)

test('an uncaught error is logged, and ends the process', async () => {
  const { exit, url, seen } = run()
  await fetch(`${await url()}/crash`)
  expect(await exit).toBe(1)
  expect(seen()).toMatch(/"level":"fatal".*boom/)
}, 15_000)
