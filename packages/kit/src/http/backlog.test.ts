import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { expect, it } from 'vitest'
import { createMetrics } from '../metrics.ts'
import { silentLog } from '../testing/silent-log.ts'
import { drainHttp, startHttp } from './drain.ts'
import { createHttpServer } from './server.ts'

const count = 1_500
const patienceMs = 10_000

it('T15 a crowd that comes while the process is busy is kept by the system, not told to come again', async () => {
  const app = createHttpServer({ log: silentLog(), metrics: createMetrics() })
  const { url } = await startHttp(app, { host: '127.0.0.1', port: 0 })
  const counters = new Int32Array(new SharedArrayBuffer(8))
  const workerData = { port: Number(new URL(url).port), count, counters }
  const crowd = new Worker(new URL('backlog.fixture.ts', import.meta.url), { workerData })
  await once(crowd, 'online')
  // Nothing is taken meanwhile, so that who found no place would not find one later either, however long this waits.
  const until = performance.now() + patienceMs
  while (performance.now() < until && Atomics.load(counters, 0) < count) Atomics.wait(counters, 1, 0, 10)
  expect([...counters]).toEqual([count, 0])
  await crowd.terminate()
  await drainHttp(app, { deadlineMs: 1_000, log: silentLog() })
}, 30_000)
