import { connect } from 'node:net'
import { workerData } from 'node:worker_threads'

/** Opens connections at once, in a thread of its own, and counts those that the system has accepted. */
const { port, count, counters } = workerData as { port: number; count: number; counters: Int32Array }
for (let n = 0; n < count; n++)
  connect(port, '127.0.0.1')
    .on('connect', () => Atomics.add(counters, 0, 1))
    .on('error', () => Atomics.add(counters, 1, 1))
