import { Worker } from 'node:worker_threads'
import type { Edit } from './hooks.ts'
import type { Fault } from './judge.ts'

/** Schedules for one thread. */
export interface Batch {
  /** `trace`: one schedule, with all that happens in it. */
  kind: 'run' | 'trace'
  seed: number
  from: number
  count: number
  stopAtFirst: boolean
  /** Acts and faults that are in each schedule. */
  focus: readonly string[]
}
export interface Found {
  index: number
  faults: readonly Fault[]
}
export interface Report {
  ran: number
  simulatedMs: number
  tasks: number
  tookMs: number
  /** How often each act and fault was begun. */
  did: Map<string, number>
  found: Found[]
  /** The trace, if there is one. */
  lines: string[]
}

const worker = new URL('./worker.ts', import.meta.url)

/** A thread with the code as it is, or with edits in it. */
export class Explorer {
  readonly #worker: Worker

  constructor(edits: readonly Edit[] = []) {
    this.#worker = new Worker(worker, { workerData: { edits }, execArgv: [], stdout: false })
  }

  run(batch: Batch): Promise<Report> {
    return new Promise((resolve, reject) => {
      this.#worker.once('message', (report: Report) => {
        this.#worker.off('error', reject)
        resolve(report)
      })
      this.#worker.once('error', reject)
      this.#worker.postMessage(batch)
    })
  }

  async stop(): Promise<void> {
    await this.#worker.terminate()
  }
}
