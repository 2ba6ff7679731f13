import { connectNatsBus, connectRedisKv, createLogger } from '@parley/kit'
import { eventually, startNats, startRedis, type RunningServer } from '@parley/kit/testing'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startGateway, type TestGateway } from './testing/gateway.ts'
import { openSocket } from './testing/raw.ts'

const log = createLogger({ service: 'gateway', level: 'silent' })
let nats: RunningServer
let redis: RunningServer
let gateway: TestGateway
beforeAll(async () => {
  ;[nats, redis] = await Promise.all([startNats(), startRedis()])
  const bus = await connectNatsBus({ url: nats.url, name: 'gateway-test', log, onClosed: () => {} })
  const kv = await connectRedisKv({ url: redis.url, log })
  const close = async () => {
    await bus.close(500)
    await kv.close()
  }
  gateway = await startGateway({ RATE_LIMIT_UPGRADES: '3' }, { parts: { bus, kv, close } })
})
afterAll(async () => {
  await gateway.stop()
  await Promise.all([nats.stop(), redis.stop()])
})

const health = async (path: string) => {
  const response = await fetch(gateway.url + path)
  return { status: response.status, body: (await response.json()) as { status: string; checks: object } }
}
const up = async (name: string) =>
  new RegExp(`^parley_dependency_up\\{service="gateway",dependency="${name}"\\} (\\d)`, 'm').exec(
    await gateway.metrics(),
  )?.[1]

it('O2 T9 T7 without Redis, then without NATS: it says so, serves on, and stays alive', async () => {
  expect(await health('/readyz')).toMatchObject({ status: 200, body: { status: 'ok' } })
  redis.kill('SIGKILL')
  await eventually(async () => {
    const { status, body } = await health('/readyz')
    expect([status, body]).toMatchObject([
      200,
      { status: 'degraded', checks: { kv: false, directory: false, bus: true } },
    ])
  }, 5_000)
  expect([await up('kv'), await up('directory'), await up('bus')]).toEqual(['0', '0', '1'])

  const headers = { authorization: `Bearer ${gateway.issuer.token()}` }
  expect((await fetch(`${gateway.url}/v1/auth/me`, { headers })).status).toBe(200)
  // Limits go on, each gateway counting for itself.
  const opened = await Promise.all(Array.from({ length: 6 }, () => openSocket(gateway.url)))
  expect(opened.filter(({ answer }) => answer.status === 101).length).toBe(3)
  expect(opened.filter(({ answer }) => answer.status === 429).length).toBe(3)
  for (const { socket } of opened) socket.destroy()

  nats.kill('SIGKILL')
  await eventually(async () => expect((await health('/readyz')).body).toMatchObject({ checks: { bus: false } }), 5_000)
  expect((await fetch(`${gateway.url}/v1/auth/me`, { headers })).status).toBe(200)
  expect((await health('/livez')).status).toBe(200)
}, 30_000)
