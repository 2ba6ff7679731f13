import type { Logger } from '../logger.ts'
import { fitsPayload } from './payload.ts'

/** What goes back to who asked: the text, or why there is none. */
export type Reply = { text: string } | { failed: 'internal' | 'unavailable'; detail: string }

const maxRunning = 256
const maxWaiting = 1024

interface Options {
  subject: string
  answer: (text: string) => Promise<string>
  log: Logger | undefined
}
interface Job {
  text: string
  reply: (reply: Reply) => void
}

/** Runs the answers of one `respond`: 256 at once and 1,024 waiting; beyond that callers hear `unavailable` at once. */
export class Responder {
  readonly #options: Options
  readonly #waiting: Job[] = []
  readonly #idle: (() => void)[] = []
  #running = 0

  constructor(options: Options) {
    this.#options = options
  }

  /** How many requests wait for their turn. */
  get waiting(): number {
    return this.#waiting.length
  }

  /** Never throws, and calls `reply` exactly once. */
  take(text: string, reply: (reply: Reply) => void): void {
    if (this.#running < maxRunning) void this.#run({ text, reply })
    else if (this.#waiting.length < maxWaiting) this.#waiting.push({ text, reply })
    else reply({ failed: 'unavailable', detail: `Too many requests wait on ${this.#options.subject}` })
  }

  /** Resolves when nothing runs or waits. */
  async idle(): Promise<void> {
    if (this.#running > 0) await new Promise<void>((resolve) => this.#idle.push(resolve))
  }

  /** Answers what still waits with `unavailable`. */
  refuseWaiting(): void {
    for (const job of this.#waiting.splice(0)) job.reply({ failed: 'unavailable', detail: 'The responder is stopping' })
  }

  async #run(job: Job): Promise<void> {
    this.#running += 1
    const reply = await this.#answer(job.text)
    this.#running -= 1
    job.reply(reply)
    const next = this.#waiting.shift()
    if (next) void this.#run(next)
    else if (this.#running === 0) for (const resolve of this.#idle.splice(0)) resolve()
  }

  async #answer(text: string): Promise<Reply> {
    const { subject, answer, log } = this.#options
    try {
      const answered = await answer(text)
      if (fitsPayload(answered)) return { text: answered }
      log?.error({ subject, length: answered.length }, 'bus answer is too large')
    } catch (error) {
      log?.error({ subject, err: error }, 'bus responder failed')
    }
    return { failed: 'internal', detail: `The responder of ${subject} failed` }
  }
}

/** Waits until all are idle or `timeoutMs` is over, then refuses what still waits. */
export async function settle(responders: Iterable<Responder>, timeoutMs: number): Promise<void> {
  const all = [...responders]
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, timeoutMs)))
  await Promise.race([Promise.all(all.map((responder) => responder.idle())), late])
  clearTimeout(timer)
  for (const responder of all) responder.refuseWaiting()
}
