import { Worker } from 'node:worker_threads'
import { FairQueue, ProblemError, type Owner } from '@parley/kit'

export type BcryptJob =
  | { kind: 'hash'; password: string; cost: number }
  | { kind: 'compare'; password: string; hash: string }
type Result = string | boolean

/** The last rank. */
export const lastRank = 5

/**
 * Whose job it is. `rank`, from 0 to `lastRank`: how many jobs its address has lately brought that were not right. A job waits until
 * nobody has one of a smaller rank.
 */
export interface JobOwner extends Owner {
  rank: number
}

export interface BcryptPool {
  /**
   * Each address has its turn, and within it each person. Rejects at once with `unavailable` if the wait would exceed a second, or this
   * person has a share waiting already.
   */
  run(job: BcryptJob, owner: JobOwner): Promise<Result>
  /** Throws `unavailable` when `run` would reject now. */
  refuseIfBusy(owner: JobOwner): void
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
/** How many jobs of one person may wait. */
const mostOfPerson = 12

interface Task {
  job: BcryptJob
  owner: JobOwner
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
  /** By rank. */
  readonly #lines = Array.from({ length: lastRank + 1 }, () => new FairQueue<Task>())
  #typicalMs: number
  #stopped = false

  constructor({ size, typicalMs = 200, maxWaitMs = 5000 }: BcryptPoolOptions) {
    this.#size = size
    this.#typicalMs = typicalMs
    this.#maxWaitMs = maxWaitMs
  }

  async run(job: BcryptJob, owner: JobOwner): Promise<Result> {
    this.refuseIfBusy(owner)
    return this.#enqueue(job, owner)
  }

  refuseIfBusy(owner: JobOwner): void {
    const ahead = this.#aheadOf(owner)
    const own = this.#lineOf(owner).sizeOf(owner.address, owner.person)
    if (this.#stopped || ahead >= this.#maxWaiting() || own >= mostOfPerson) throw this.#busy(ahead)
  }

  waiting = (): number => this.#lines.reduce((sum, { size }) => sum + size, 0)

  async stop(): Promise<void> {
    this.#stopped = true
    for (const { reject, timer } of this.#lines.flatMap((line) => line.clear())) {
      clearTimeout(timer)
      reject(this.#busy(0))
    }
    await Promise.all([...this.#members].map(({ worker }) => worker.terminate()))
  }

  #lineOf({ rank }: JobOwner): FairQueue<Task> {
    const line = this.#lines[rank]
    if (line === undefined) throw new Error(`there is no rank ${rank}`)
    return line
  }

  /** How many jobs have their turn before another one of this owner. */
  #aheadOf(owner: JobOwner): number {
    const before = this.#lines.slice(0, owner.rank).reduce((sum, { size }) => sum + size, 0)
    return before + this.#lineOf(owner).aheadOf(owner.address)
  }

  #enqueue(job: BcryptJob, owner: JobOwner): Promise<Result> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        if (this.#lineOf(owner).remove(owner, task)) reject(this.#busy(0))
      }, this.#maxWaitMs)
      const task: Task = { job, owner, resolve, reject, timer }
      this.#lineOf(owner).push(owner, task)
      this.#assign()
    })
  }

  /** Gives work to whoever is free, as long as there is both. */
  #assign(): void {
    while (this.waiting() > 0 && !this.#stopped) {
      const free = this.#free()
      const task = free && this.#lines.find(({ size }) => size > 0)?.shift()
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

  #busy(ahead: number): ProblemError {
    const waitMs = Math.ceil(((ahead + 1) * this.#typicalMs) / this.#size)
    const retryAfterMs = Math.min(this.#maxWaitMs, Math.max(1000, waitMs))
    return new ProblemError('unavailable', 'Too many sign-ins at once', { retryAfterMs })
  }
}
