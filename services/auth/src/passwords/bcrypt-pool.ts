import { Worker } from 'node:worker_threads'
import { ProblemError } from '@parley/kit'

export type BcryptJob =
  | { kind: 'hash'; password: string; cost: number }
  | { kind: 'compare'; password: string; hash: string }
type Result = string | boolean

export interface BcryptPool {
  /** Rejects at once with `unavailable` when the wait would be longer than a second; who is let in is served. */
  run(job: BcryptJob): Promise<Result>
  /** Throws `unavailable` when `run` would reject now. */
  refuseIfBusy(): void
  waiting(): number
  /** Refuses who waits, ends the workers. */
  stop(): Promise<void>
}

export interface BcryptPoolOptions {
  size: number
  /** How long one job takes, until that has been measured. */
  typicalMs?: number
  /** The safety net: nobody waits longer, come what may. */
  maxWaitMs?: number
}

/** The longest wait that anybody is let in for. Far below `maxWaitMs`: in a flood jobs take longer than they did before. */
const acceptedWaitMs = 1000
/** However short jobs are, no more than this many wait; however long they are, this many per worker may. */
const mostWaiting = 64
const leastWaitingEach = 2

interface Task {
  job: BcryptJob
  resolve(result: Result): void
  reject(error: Error): void
  timer: NodeJS.Timeout
}
interface Member {
  worker: Worker
  task: Task | null
  since: number
}

/**
 * Threads that do nothing but bcrypt, hired when first needed: in libuv's pool it would hold up every file and DNS call
 * (lessons.md 9).
 */
export const createBcryptPool = (options: BcryptPoolOptions): BcryptPool => new Pool(options)

class Pool implements BcryptPool {
  readonly #size: number
  readonly #maxWaitMs: number
  readonly #members = new Set<Member>()
  readonly #queue: Task[] = []
  #typicalMs: number
  #stopped = false

  constructor({ size, typicalMs = 200, maxWaitMs = 5000 }: BcryptPoolOptions) {
    this.#size = size
    this.#typicalMs = typicalMs
    this.#maxWaitMs = maxWaitMs
  }

  async run(job: BcryptJob): Promise<Result> {
    this.refuseIfBusy()
    return this.#enqueue(job)
  }

  refuseIfBusy(): void {
    if (this.#stopped || this.#queue.length >= this.#maxWaiting()) throw this.#busy()
  }

  waiting = (): number => this.#queue.length

  async stop(): Promise<void> {
    this.#stopped = true
    for (const { reject, timer } of this.#queue.splice(0)) {
      clearTimeout(timer)
      reject(this.#busy())
    }
    await Promise.all([...this.#members].map(({ worker }) => worker.terminate()))
  }

  #enqueue(job: BcryptJob): Promise<Result> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#queue.splice(this.#queue.indexOf(task), 1)
        reject(this.#busy())
      }, this.#maxWaitMs)
      const task: Task = { job, resolve, reject, timer }
      this.#queue.push(task)
      this.#assign()
    })
  }

  /** Gives work to whoever is free, as long as there is both. */
  #assign(): void {
    while (this.#queue.length > 0 && !this.#stopped) {
      const free = this.#free()
      const task = free && this.#queue.shift()
      if (free === undefined || task === undefined) return
      clearTimeout(task.timer)
      free.task = task
      free.since = performance.now()
      free.worker.postMessage(task.job)
    }
  }

  #free(): Member | undefined {
    const idle = [...this.#members].find((member) => member.task === null)
    return idle ?? (this.#members.size < this.#size ? this.#hire() : undefined)
  }

  #hire(): Member {
    const worker = new Worker(new URL('./bcrypt-worker.ts', import.meta.url))
    const member: Member = { worker, task: null, since: 0 }
    this.#members.add(member)
    // An idle worker does not keep the process.
    worker.unref()
    worker.on('message', (result: Result) => {
      const ms = performance.now() - member.since
      this.#typicalMs = this.#typicalMs * 0.9 + ms * 0.1
      this.#settle(member, (task) => task.resolve(result))
    })
    worker.on('error', (error) => this.#dismiss(member, error))
    worker.on('exit', () => this.#dismiss(member, new Error('a bcrypt worker ended')))
    return member
  }

  #settle(member: Member, how: (task: Task) => void): void {
    const { task } = member
    member.task = null
    if (task !== null) how(task)
    this.#assign()
  }

  #dismiss(member: Member, error: Error): void {
    this.#members.delete(member)
    this.#settle(member, (task) => task.reject(error))
  }

  #maxWaiting(): number {
    const inTime = Math.floor((acceptedWaitMs * this.#size) / this.#typicalMs)
    return Math.max(leastWaitingEach * this.#size, Math.min(mostWaiting, inTime))
  }

  #busy(): ProblemError {
    const waitMs = Math.ceil(((this.#queue.length + 1) * this.#typicalMs) / this.#size)
    const retryAfterMs = Math.min(this.#maxWaitMs, Math.max(1000, waitMs))
    return new ProblemError('unavailable', 'Too many sign-ins at once', { retryAfterMs })
  }
}
