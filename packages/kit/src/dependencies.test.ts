import { afterEach, expect, test } from 'vitest'
import { createMemoryBus } from './bus/bus-memory.ts'
import { systemClock } from './clock.ts'
import { createHttpServer } from './http/server.ts'
import { serveHealth } from './http/health.ts'
import { createMemoryKv } from './kv/kv-memory.ts'
import { startService } from './lifecycle.ts'
import { createMetrics } from './metrics.ts'
import { defineService } from './define-service.ts'
import { commonConfig } from './config-common.ts'
import Type from 'typebox'
import { silentLog } from './testing/silent-log.ts'

let checks: () => Promise<Record<string, boolean>>
let told: string[] = []
const stops: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop()
  told = []
})

const definition = defineService({
  name: 'fixture',
  config: Type.Object(commonConfig),
  create: () => ({
    start: async () => ({ url: 'http://127.0.0.1:1' }),
    leave: () => void told.push('leave'),
    stop: async () => void told.push('stop'),
    readiness: () => checks(),
  }),
})

async function started() {
  const [bus, kv, metrics] = [createMemoryBus(), createMemoryKv(), createMetrics()]
  const world = { bus, kv, metrics, log: silentLog(), clock: systemClock, instanceId: 'fixture-1' }
  const service = await startService(definition, { config: {}, world, lingerMs: 50 })
  stops.push(
    () => bus.close(100),
    () => kv.close(),
  )
  return { service, kv, up: async () => (await metrics.text()).match(/^parley_dependency_up\{.*/gm) ?? [] }
}

test('O2 each dependency of a service is in its metrics, also while its check hangs or throws', async () => {
  checks = async () => ({ kv: true, bus: false })
  const { up, service } = await started()
  const bus = 'parley_dependency_up{service="fixture",dependency="bus"} 0'
  const keepsAll = 'parley_dependency_up{service="fixture",dependency="kvKeepsAll"} 1'
  expect(await up()).toEqual(['parley_dependency_up{service="fixture",dependency="kv"} 1', bus, keepsAll])
  const down = ['parley_dependency_up{service="fixture",dependency="kv"} 0', bus, keepsAll]
  checks = () => Promise.reject(new Error('broken'))
  expect(await up()).toEqual(down)
  checks = () => new Promise(() => {})
  expect(await up()).toEqual(down)
  await service.stop()
})

test('R9 a service that is told to stop leaves, lingers, and only then stops', async () => {
  checks = async () => ({})
  const { service, kv } = await started()
  const stopped = service.stop()
  expect(told).toEqual(['leave'])
  await stopped
  expect([told, await kv.alive('services:fixture')]).toEqual([['leave', 'stop'], []])
})

test.each([true, false])('O2 an outage after the start, degrades: %s', async (degrades) => {
  const metrics = createMetrics()
  const app = createHttpServer({ log: silentLog(), metrics })
  stops.push(() => app.close())
  let kv = false
  const readiness = async () => ({ kv })
  serveHealth(app, {
    service: 'x',
    version: '0',
    instanceId: 'x-1',
    readiness,
    metrics,
    kv: { faults: () => [] },
    degrades,
  })
  const ready = async () => {
    const answer = await app.inject('/readyz')
    return [answer.statusCode, (answer.json() as { status: string }).status]
  }
  expect(await ready()).toEqual([503, 'unavailable'])
  kv = true
  expect(await ready()).toEqual([200, 'ok'])
  kv = false
  expect(await ready()).toEqual(degrades ? [200, 'degraded'] : [503, 'unavailable'])
  expect((await app.inject('/livez')).statusCode).toBe(200)
  kv = true
  app.draining = true
  expect(await ready()).toEqual([503, 'unavailable'])
})
