import { fork, type ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import { say } from '../report.ts'
import type { Done, Order } from './protocol.ts'

/** Many sockets in processes of their own, so that neither their files nor their work are this process's. */
export class Crowd {
  readonly #workers: ChildProcess[]

  constructor(workers: number) {
    this.#workers = Array.from({ length: workers }, () => fork(join(import.meta.dirname, 'worker.ts')))
  }

  get size(): number {
    return this.#workers.length
  }

  /** Gives each worker its order, and sums up what they answer. */
  async do(orderOf: (worker: number) => Order): Promise<Done> {
    const all = await Promise.all(this.#workers.map((worker, index) => tell(worker, orderOf(index))))
    for (const reason of all.flatMap(({ reasons }) => reasons).slice(0, 3)) say(`    failed: ${reason}`)
    return {
      count: all.reduce((sum, { count }) => sum + count, 0),
      failed: all.reduce((sum, { failed }) => sum + failed, 0),
      reasons: all.flatMap(({ reasons }) => reasons),
      delays: all.flatMap(({ delays }) => delays),
    }
  }

  stop(): void {
    for (const worker of this.#workers) if (worker.connected) worker.disconnect()
  }
}

const tell = (worker: ChildProcess, order: Order): Promise<Done> =>
  new Promise((resolve, reject) => {
    const onExit = (code: number | null): void => reject(new Error(`a worker of the crowd ended with ${code}`))
    worker.once('exit', onExit)
    worker.once('message', (done: Done) => {
      worker.off('exit', onExit)
      resolve(done)
    })
    worker.send(order)
  })
