import { parentPort, workerData } from 'node:worker_threads'
import { installHooks } from './hooks.ts'
import type { Batch, Report } from './pool.ts'
import { installVirtualTime } from './virtual-time.ts'

/** One thread of the explorer: the code under test is loaded here, as it is or with one mend taken out, on simulated time. */
const { edits } = workerData as { edits: Parameters<typeof installHooks>[0] }
installHooks(edits)
installVirtualTime()
// Refusals are many, and nobody looks at where they come from.
Error.stackTraceLimit = 0
const { runBatch } = await import('./batch.ts')
parentPort?.on('message', (batch: Batch) => {
  void runBatch(batch).then((report: Report) => parentPort?.postMessage(report))
})
