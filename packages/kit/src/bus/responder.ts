import type { Logger } from '../logger.ts'
import { isLate, type Call, type CallStamp } from './call.ts'
import type { Carrier } from '../tracing/trace.ts'
import { tracedAnswer } from './bus-trace.ts'
import type { CallerClocks } from './caller-clocks.ts'
import { fitsPayload } from './payload.ts'

/** The answer to the caller: the text, or why there is none. */
export type Reply = { text: string } | { failed: 'internal' | 'unavailable' | 'deadline-exceeded'; detail: string }

const maxRunning = 256
const maxWaiting = 1024

interface Options {
  subject: string
  answer: (text: string, call: Call) => Promise<string>
  log: Logger | undefined
  clocks: CallerClocks
}
interface Incoming {
  text: string
  stamp: CallStamp | null
  /** The trace that it belongs to. */
  carrier: Carrier | null
  /** Called exactly once. */
  reply: (reply: Reply) => void
}
type Job = Omit<Incoming, 'stamp'> & { call: Call }

/**
 * Runs the answers of one `respond`: 256 at once and 1,024 waiting; beyond that callers hear `unavailable` at once. A request that its caller has given up is not carried out: that is looked at when it is taken, and again when its turn comes.
 */
export class Responder {
  readonly #options: Options
  readonly #waiting: Job[] = []
  readonly #idle: (() => void)[] = []
  #running = 0
  /** Requests of callers whose clock is asked for. */
  #unsure = 0
  #refusing = false

  constructor(options: Options) {
    this.#options = options
  }

  /** How many requests wait for their turn. */
  get waiting(): number {
    return this.#waiting.length + this.#unsure
  }

  /** Never throws. */
  take({ text, stamp, carrier, reply }: Incoming): void {
    const deadline = this.#options.clocks.deadlineOf(stamp)
    if (typeof deadline === 'number') return this.#enter({ text, call: { deadline }, carrier, reply })
    if (this.waiting >= maxWaiting) return this.#refuse(reply)
    this.#unsure += 1
    void deadline.then((known) => {
      this.#unsure -= 1
      this.#enter({ text, call: { deadline: known }, carrier, reply })
      this.#tellIdle()
    })
  }

  /** Resolves when nothing runs or waits. */
  async idle(): Promise<void> {
    if (this.#running + this.#unsure > 0) await new Promise<void>((resolve) => this.#idle.push(resolve))
  }

  /** Answers what still waits, and whatever may come yet, with `unavailable`. */
  refuseWaiting(): void {
    this.#refusing = true
    for (const { reply } of this.#waiting.splice(0)) reply(stopping)
  }

  #enter(job: Job): void {
    if (this.#refusing) return job.reply(stopping)
    if (isLate(job.call)) return this.#tooLate(job)
    if (this.#running < maxRunning) return void this.#run(job)
    if (this.waiting >= maxWaiting) this.#dropLate()
    if (this.waiting >= maxWaiting) return this.#refuse(job.reply)
    this.#waiting.push(job)
  }

  /** Whose callers are gone make room for those who wait. */
  #dropLate(): void {
    const still = this.#waiting.filter((job) => !isLate(job.call))
    for (const job of this.#waiting) if (isLate(job.call)) this.#tooLate(job)
    this.#waiting.splice(0, this.#waiting.length, ...still)
  }

  async #run(job: Job): Promise<void> {
    this.#running += 1
    const reply = await this.#answer(job)
    this.#running -= 1
    job.reply(reply)
    const next = this.#next()
    if (next) void this.#run(next)
    else this.#tellIdle()
  }

  /** The next whose caller still waits. */
  #next(): Job | undefined {
    for (let job = this.#waiting.shift(); job; job = this.#waiting.shift()) {
      if (!isLate(job.call)) return job
      this.#tooLate(job)
    }
    return undefined
  }

  #tooLate({ reply }: Job): void {
    this.#options.log?.debug({ subject: this.#options.subject }, 'a request came too late and is not carried out')
    reply({ failed: 'deadline-exceeded', detail: `The request on ${this.#options.subject} came too late` })
  }

  #refuse(reply: Incoming['reply']): void {
    reply({ failed: 'unavailable', detail: `Too many requests wait on ${this.#options.subject}` })
  }

  #tellIdle(): void {
    if (this.#running + this.#unsure === 0) for (const resolve of this.#idle.splice(0)) resolve()
  }

  async #answer({ text, call, carrier }: Job): Promise<Reply> {
    const { subject, answer, log } = this.#options
    try {
      const answered = await tracedAnswer(subject, carrier, () => answer(text, call))
      if (fitsPayload(answered)) return { text: answered }
      log?.error({ subject, length: answered.length }, 'bus answer is too large')
    } catch (error) {
      log?.error({ subject, err: error }, 'bus responder failed')
    }
    return { failed: 'internal', detail: `The responder of ${subject} failed` }
  }
}

const stopping: Reply = { failed: 'unavailable', detail: 'The responder is stopping' }

/** Waits until all are idle or `timeoutMs` is over, then refuses what still waits. */
export async function settle(responders: Iterable<Responder>, timeoutMs: number): Promise<void> {
  const all = [...responders]
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, timeoutMs)))
  await Promise.race([Promise.all(all.map((responder) => responder.idle())), late])
  clearTimeout(timer)
  for (const responder of all) responder.refuseWaiting()
}
