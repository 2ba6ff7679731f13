import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  eventually,
  freePort,
  janusSettings,
  startCoturn,
  startJanus,
  startMailServer,
  startPostgres,
  startRedis,
  startSwift,
  turnSettings,
  type RunningCoturn,
  type RunningJanus,
  type RunningServer,
  type RunningSwift,
} from '@parley/kit/testing'
import { afterAll, beforeAll, expect, it } from 'vitest'
import {
  askDoctor,
  startNginx,
  startPgBouncer,
  unbuffered,
  upgrading,
  type Proxy,
  type Said,
} from './broken.fixture.ts'

const dir = mkdtempSync(join(tmpdir(), 'parley-doctor-'))
let product: ChildProcess
let direct: string
let [proxy, janus, turn, redis, swift]: [Proxy, RunningJanus, RunningCoturn, RunningServer, RunningSwift] = [] as never
let healthy: Record<string, string>

/** One product in production, behind nginx, with a Janus, a TURN server; and servers that only the doctor is told of. */
beforeAll(async () => {
  ;[janus, turn, redis, swift] = await Promise.all([startJanus(), startCoturn(), startRedis(), startSwift()])
  const port = await freePort()
  direct = `http://127.0.0.1:${port}`
  proxy = await startNginxEarly()
  const settings = {
    PUBLIC_URL: proxy.url,
    SIGNING_SECRET: 'Zk3vQ9wXr1Ty8LmN5pB2cD7fG4hJ6kA0',
    BCRYPT_COST: '10',
    TRUST_PROXY: 'loopback',
    NODE_ENV: 'production',
  }
  product = spawn(
    process.execPath,
    [join(import.meta.dirname, '..', 'main.ts'), 'start', 'embedded', '--port', String(port)],
    {
      env: {
        PATH: process.env['PATH'],
        PARLEY_DATA_DIR: join(dir, 'data'),
        ...settings,
        ...janusSettings([janus]),
        ...turnSettings(turn),
      },
      stdio: ['ignore', 'ignore', 'ignore'],
    },
  )
  const { endpoint, accessKeyId, secretAccessKey } = swift
  const store = { S3_ENDPOINT: endpoint, S3_ACCESS_KEY: accessKeyId, S3_SECRET_KEY: secretAccessKey }
  healthy = { ...settings, REDIS_URL: redis.url, ...store, ...janusSettings([janus]) }
  await eventually(async () => {
    const { ok, status } = await fetch(`${direct}/readyz`)
    if (!ok) throw new Error(`/readyz answers ${status}`)
  }, 120_000)

  async function startNginxEarly(): Promise<Proxy> {
    return startNginx(dir, direct, [unbuffered, upgrading])
  }
}, 200_000)
afterAll(async () => {
  product?.kill('SIGKILL')
  await Promise.all([proxy, janus, turn, redis, swift].map((one) => one?.stop()))
  rmSync(dir, { recursive: true, force: true })
}, 120_000)

const findingsOf = ({ reports }: Said) =>
  reports.flatMap((report) =>
    report.state === 'findings' ? report.findings.map((one) => ({ check: report.check, ...one })) : [],
  )

/** That the doctor says this and nothing else, with a mend. */
function expectOnly(said: Said, expected: { check: string; what: RegExp; mend: RegExp }): void {
  expect([said.code, findingsOf(said)], said.text).toEqual([
    1,
    [
      {
        check: expected.check,
        what: expect.stringMatching(expected.what),
        why: expect.stringMatching(/\w+/),
        mend: expect.stringMatching(expected.mend),
      },
    ],
  ])
}

it('O9 a healthy product: all well, exit 0, and it looked at everything', async () => {
  const said = await askDoctor(proxy.url, healthy)
  expect([said.code, findingsOf(said)], said.text).toEqual([0, []])
  const well = said.reports.filter(({ state }) => state === 'well').map(({ check }) => check)
  for (const check of [
    'settings',
    'Redis',
    'object store',
    'clock',
    'event stream (SSE)',
    'WebSocket',
    'TURN relay',
    'SFU',
  ])
    expect(well, said.text).toContain(check)
}, 120_000)

it('O9 names what is wrong with the settings and servers: each of five, with its mend', async () => {
  const evicting = await startRedis({ args: ['--maxmemory', '100mb', '--maxmemory-policy', 'allkeys-lru'] })
  const said = await askDoctor(proxy.url, {
    ...healthy,
    PUBLIC_URL: 'https://elsewhere.example.org',
    SIGNING_SECRET: 'a'.repeat(40),
    RATE_LIMT_PER_ADDRESS: '5',
    S3_SECRET_KEY: 'not-the-key-of-the-store',
    REDIS_URL: evicting.url,
  })
  await evicting.stop()
  const found = findingsOf(said).map(({ what, mend }) => `${what} → ${mend}`)
  expect(said.code, said.text).toBe(1)
  expect(found, said.text).toEqual([
    expect.stringMatching(/RATE_LIMT_PER_ADDRESS; did you mean RATE_LIMIT_PER_ADDRESS\? → rename/),
    expect.stringMatching(/SIGNING_SECRET can be guessed.*openssl rand/),
    expect.stringMatching(/maxmemory-policy allkeys-lru.*CONFIG SET maxmemory-policy noeviction/),
    expect.stringMatching(/object store cannot be used.*S3_ACCESS_KEY and S3_SECRET_KEY must be/),
    expect.stringMatching(/PUBLIC_URL is https:\/\/elsewhere.example.org.*PUBLIC_URL=http:\/\/localhost/),
  ])
}, 120_000)

it('O9 PgBouncer that knows no time limits, a Redis Cluster, a mail server that refuses the login: each with its mend', async () => {
  const [postgres, cluster, mail] = await Promise.all([
    startPostgres(),
    startRedis({ args: ['--cluster-enabled', 'yes'] }),
    startMailServer({ login: { user: 'parley', password: 'right' } }),
  ])
  const bouncer = await startPgBouncer(postgres.dir, postgres.url)
  const said = await askDoctor(proxy.url, {
    ...healthy,
    DATABASE_URL: bouncer.url,
    REDIS_URL: cluster.url,
    SMTP_URL: mail.url.replace(':right@', ':wrong@'),
  })
  await Promise.all([bouncer.stop(), cluster.stop(), mail.stop()])
  await postgres.stop()
  const found = findingsOf(said).map(({ check, what, mend }) => `${check}: ${what} → ${mend}`)
  expect(said.code, said.text).toBe(1)
  expect(found, said.text).toEqual([
    expect.stringMatching(/^PostgreSQL: .*startup parameter.* → this is PgBouncer.*ignore_startup_parameters/),
    expect.stringMatching(/^Redis: REDIS_URL names a Redis Cluster → use one Redis, or one with Sentinel/),
    expect.stringMatching(/^mail: the mail server cannot be used: .* → name the right user and password in SMTP_URL/),
  ])
}, 120_000)

it('O9 a proxy that buffers event streams', async () => {
  const bad = await startNginx(dir, direct, [
    'proxy_buffering on; proxy_ignore_headers X-Accel-Buffering;',
    // Compressing is what holds small events back.
    'gzip on; gzip_types text/event-stream; gzip_proxied any; gzip_min_length 1;',
    upgrading,
    asIf(proxy),
  ])
  const said = await askDoctor(bad.url, { ...healthy, PUBLIC_URL: '' })
  await bad.stop()
  expect(
    findingsOf(said).map(({ check, mend }) => [check, mend]),
    said.text,
  ).toContainEqual(['event stream (SSE)', expect.stringContaining('proxy_buffering off')])
}, 120_000)

it('O9 a proxy that passes no upgrade', async () => {
  const bad = await startNginx(dir, direct, [unbuffered, asIf(proxy)])
  const said = await askDoctor(bad.url, { ...healthy, PUBLIC_URL: '' })
  await bad.stop()
  expect(
    findingsOf(said).map(({ check, mend }) => [check, mend]),
    said.text,
  ).toContainEqual(['WebSocket', expect.stringContaining('proxy_set_header Upgrade $http_upgrade')])
}, 120_000)

/** Pages of this proxy count as those of the right one. */
const asIf = ({ url }: Proxy): string => `proxy_set_header Origin ${url};`

it('O9 the product has another PUBLIC_URL than the address that people use', async () => {
  const other = await startNginx(dir, direct, [unbuffered, upgrading])
  const said = await askDoctor(other.url, { ...healthy, PUBLIC_URL: '' })
  await other.stop()
  expectOnly(said, {
    check: 'sign-in',
    what: /does not let pages of http:\/\/localhost:\d+ in/,
    mend: /PUBLIC_URL=http/,
  })
}, 120_000)

it('O9 a clock that is two minutes off', async () => {
  const before = ['env', 'FAKETIME_DONT_FAKE_MONOTONIC=1', 'faketime', '-f', '+120s']
  const said = await askDoctor(proxy.url, healthy, { before })
  const clocks = findingsOf(said).filter(({ check }) => check === 'clock')
  expect(clocks, said.text).toEqual([
    expect.objectContaining({
      what: expect.stringMatching(/1[12]\d s behind/),
      mend: expect.stringContaining('set-ntp true'),
    }),
  ])
}, 120_000)

it('O9 a TURN server with another secret', async () => {
  const { host, port } = turn
  await turn.stop()
  turn = await startCoturn({ host, port, secret: 'another-secret-than-the-product-has' })
  const said = await askDoctor(proxy.url, healthy)
  const found = findingsOf(said).filter(({ check }) => check === 'TURN relay')
  expect(
    found.map(({ mend }) => mend),
    said.text,
  ).toEqual([expect.stringContaining('static-auth-secret'), expect.stringContaining('static-auth-secret')])
}, 120_000)

it('O9 a Janus that is down', async () => {
  janus.kill()
  const said = await askDoctor(proxy.url, healthy)
  expect(
    findingsOf(said).map(({ check, mend }) => [check, mend]),
    said.text,
  ).toContainEqual(['SFU', expect.stringContaining('start Janus')])
}, 150_000)

it('O9 nothing answers: exit 2', async () => {
  const said = await askDoctor('http://127.0.0.1:1', {})
  expect([said.code, said.text]).toEqual([2, expect.stringContaining('could not look at http://127.0.0.1:1')])
}, 30_000)
