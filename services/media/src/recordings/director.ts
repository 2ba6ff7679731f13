import { createPoller, type Logger, type Poller } from '@parley/kit'
import type { Job } from './job.ts'
import { claim, lookAt, release, renew, type Held, type Lease, type RecordingDb } from './store.ts'

export interface DirectorDeps {
  db: RecordingDb
  log: Logger
  /** This replica. */
  holder: string
  /** The work on a running recording, every half second. */
  capture: (lease: Lease) => Job
  /** Makes the film of one that has ended. */
  develop: (lease: Lease) => Job
}

const everyMs = 500
/** A job whose lease cannot be renewed for so long has lost it: less than the lease lasts. */
const giveUpMs = 7_000

class LostLeaseError extends Error {
  constructor() {
    super('another replica has the recording, or it was deleted')
  }
}

interface Running {
  lease: Lease
  abort: AbortController
  done: Promise<void>
}

/**
 * Shares the recordings among the replicas: each is worked on by one, for as long as that renews its lease. A replica takes what goes on
 * as it comes, and one film at a time.
 */
export class Director {
  readonly #deps: DirectorDeps
  readonly #running = new Map<string, Running>()
  #developing: string | null = null
  #stopped = true
  readonly #poller: Poller

  constructor(deps: DirectorDeps) {
    this.#deps = deps
    this.#poller = createPoller(() => this.#take(), everyMs)
  }

  get running(): number {
    return this.#running.size
  }

  start(): void {
    this.#stopped = false
    void this.#poller.start()
  }

  /** Looks for work now. */
  wake(): void {
    void this.#take()
  }

  /** Gives everything back, for others to take it at once. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#poller.stop()
    const jobs = [...this.#running.values()]
    for (const { abort } of jobs) abort.abort(new Error('the service stops'))
    await Promise.allSettled(jobs.map(({ done }) => done))
  }

  async #take(): Promise<void> {
    const { db, holder, capture, develop, log } = this.#deps
    if (this.#stopped) return
    try {
      for (const lease of await claim(db, holder, 'capturing')) this.#run(lease, capture(lease))
      if (this.#developing !== null) return
      const [next] = await claim(db, holder, 'processing')
      if (next === undefined) return
      this.#developing = next.id
      this.#run(next, develop(next))
    } catch (err) {
      log.warn({ err }, 'recordings cannot be looked for, it is tried again')
    }
  }

  #run(lease: Lease, job: Job): void {
    const abort = new AbortController()
    const key = `${lease.id}/${lease.fence}`
    const done = this.#work(lease, job, abort).finally(() => {
      this.#running.delete(key)
      if (this.#developing === lease.id) this.#developing = null
    })
    this.#running.set(key, { lease, abort, done })
    if (this.#stopped) abort.abort(new Error('the service stops'))
  }

  /** Never rejects. */
  async #work(lease: Lease, job: Job, abort: AbortController): Promise<void> {
    const { db, log } = this.#deps
    const keeping = this.#keep(lease, abort)
    try {
      const { again } = await job(abort.signal, () => this.#look(lease, abort))
      await release(db, lease, again)
    } catch (err) {
      log[abort.signal.aborted ? 'info' : 'warn']({ err, recordingId: lease.id }, 'work on a recording is given back')
      await release(db, lease, this.#stopped ? 0 : 2_000).catch((error: unknown) =>
        log.debug({ err: error, recordingId: lease.id }, 'a recording is not given back, its lease runs out'),
      )
    } finally {
      clearInterval(keeping)
    }
  }

  /** The recording as it is; aborts when it is not this replica’s any more. */
  async #look(lease: Lease, abort: AbortController): Promise<Held> {
    const held = await lookAt(this.#deps.db, lease)
    if (held !== undefined) return held
    abort.abort(new LostLeaseError())
    throw new LostLeaseError()
  }

  #keep(lease: Lease, abort: AbortController): NodeJS.Timeout {
    let renewedAt = performance.now()
    return setInterval(() => {
      renew(this.#deps.db, lease).then(
        (ours) => {
          renewedAt = performance.now()
          if (!ours) abort.abort(new LostLeaseError())
        },
        (err: unknown) => {
          if (performance.now() - renewedAt > giveUpMs) abort.abort(err)
        },
      )
    }, 2_500).unref()
  }
}
