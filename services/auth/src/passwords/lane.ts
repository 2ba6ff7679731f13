import { Worker } from 'node:worker_threads'
import { createThreadPool, FairQueue, ProblemError, type ThreadPool } from '@parley/kit'
import type { BcryptJob, JobOwner, Result } from './bcrypt-pool.ts'

export interface LaneOptions {
  /** Its first rank, and its last one. */
  ranks: readonly [number, number]
  /** How many threads work at once, and how low their priority is: 0 is that of the event loop, 19 the lowest. */
  threads: { size: number; nice: number }
  /** Whether a thread rests after a job for as long as other work has held it up: it leaves a full machine to others. */
  yielding: boolean
  /** Those are let in who would wait no longer, and at least so many. */
  accepted: { waitMs: number; least: number }
  /** How long one job takes, until that has been measured. */
  typicalMs: number
  /** The safety net: nobody waits longer, come what may. */
  maxWaitMs: number
  /** The shortest time that a job of the pool has taken, ms; shared by its lanes. */
  quickest: { ms: number }
}

/** However short jobs are, no more wait. */
const mostWaiting = 64
/** How many jobs of one person may wait. */
const mostOfPerson = 12

interface Task {
  job: BcryptJob
  owner: JobOwner
  resolve(result: Result): void
  reject(error: Error): void
  timer: NodeJS.Timeout
}

/** The jobs of some ranks, and threads of their own for them. Smaller ranks go first; in a rank each address has its turn. */
export class Lane {
  readonly #options: LaneOptions
  readonly #threads: ThreadPool<BcryptJob, Result>
  readonly #lines = new Map<number, FairQueue<Task>>()
  readonly #rests = new Set<NodeJS.Timeout>()
  #typicalMs: number
  /** How many threads work or rest. */
  #active = 0
  #stopped = false

  constructor(options: LaneOptions) {
    this.#options = options
    const workerData = { nice: options.threads.nice }
    this.#threads = createThreadPool(() => new Worker(new URL('./bcrypt-worker.ts', import.meta.url), { workerData }))
    this.#typicalMs = options.typicalMs
    for (let rank = options.ranks[0]; rank <= options.ranks[1]; rank += 1) this.#lines.set(rank, new FairQueue<Task>())
  }

  get waiting(): number {
    return [...this.#lines.values()].reduce((sum, { size }) => sum + size, 0)
  }

  run(job: BcryptJob, owner: JobOwner): Promise<Result> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        if (this.#lineOf(owner).remove(owner, task)) reject(this.#refusal(0))
      }, this.#options.maxWaitMs)
      const task: Task = { job, owner, resolve, reject, timer }
      this.#lineOf(owner).push(owner, task)
      this.#assign()
    })
  }

  /** @throws ProblemError `unavailable` */
  refuseIfBusy(owner: JobOwner): void {
    const ahead = this.#aheadOf(owner)
    const line = this.#lineOf(owner)
    // An address that got nothing wrong and has nothing waiting has its turn, however long jobs take just now.
    const isFirst = owner.rank === 0 && line.sizeOf(owner.address) === 0
    const most = isFirst ? mostWaiting : this.#maxWaiting()
    if (this.#stopped || ahead >= most || line.sizeOf(owner.address, owner.person) >= mostOfPerson)
      throw this.#refusal(ahead)
  }

  async stop(): Promise<void> {
    this.#stopped = true
    for (const rest of this.#rests) clearTimeout(rest)
    for (const { reject, timer } of [...this.#lines.values()].flatMap((line) => line.clear())) {
      clearTimeout(timer)
      reject(this.#refusal(0))
    }
    await this.#threads.stop()
  }

  #lineOf({ rank }: JobOwner): FairQueue<Task> {
    const line = this.#lines.get(rank)
    if (line === undefined) throw new Error(`there is no rank ${rank} in this lane`)
    return line
  }

  /** How many jobs have their turn before another one of this owner. */
  #aheadOf(owner: JobOwner): number {
    const before = [...this.#lines].filter(([rank]) => rank < owner.rank).reduce((sum, [, { size }]) => sum + size, 0)
    return before + this.#lineOf(owner).aheadOf(owner.address)
  }

  /** Gives work to threads that are free, as long as there is both. */
  #assign(): void {
    while (!this.#stopped && this.#active < this.#options.threads.size) {
      const task = [...this.#lines.values()].find(({ size }) => size > 0)?.shift()
      if (task === undefined) return
      clearTimeout(task.timer)
      this.#active += 1
      void this.#work(task)
    }
  }

  async #work({ job, resolve, reject }: Task): Promise<void> {
    const since = performance.now()
    await this.#threads.run(job).then(resolve, reject)
    const took = performance.now() - since
    const { quickest, yielding } = this.#options
    this.#typicalMs = this.#typicalMs * 0.9 + took * 0.1
    quickest.ms = Math.min(quickest.ms, took)
    this.#rest(yielding ? took - quickest.ms : 0, () => {
      this.#active -= 1
      this.#assign()
    })
  }

  #rest(ms: number, then: () => void): void {
    if (ms < 1) return then()
    const timer = setTimeout(() => {
      this.#rests.delete(timer)
      then()
    }, ms)
    this.#rests.add(timer)
  }

  #maxWaiting(): number {
    const { threads, accepted } = this.#options
    const inTime = Math.floor((accepted.waitMs * threads.size) / this.#typicalMs)
    return Math.max(accepted.least, Math.min(mostWaiting, inTime))
  }

  #refusal(ahead: number): ProblemError {
    const waitMs = Math.ceil(((ahead + 1) * this.#typicalMs) / this.#options.threads.size)
    const retryAfterMs = Math.min(this.#options.maxWaitMs, Math.max(1000, waitMs))
    return new ProblemError('unavailable', 'Too many sign-ins at once', { retryAfterMs })
  }
}
