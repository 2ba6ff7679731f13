import { LinkStatus } from '../link-status.ts'
import type { Logger } from '../logger.ts'
import { ProblemError } from '../problem.ts'
import { traceHeaders, type Carrier } from '../tracing/trace.ts'
import type { Bus, BusSubscription, Respond } from './bus.ts'
import { recordPublish, tracedEvent, tracedRequest } from './bus-trace.ts'
import type { CallStamp } from './call.ts'
import { CallerClocks } from './caller-clocks.ts'
import { checkPayload } from './payload.ts'
import { Responder, settle, type Reply } from './responder.ts'
import { Routes } from './routes.ts'
import { checkPublishable, checkSubscribable } from './subjects.ts'

/** The bus within one process, as strict as NATS: checked subjects, asynchronous delivery in order, deadlines. */
export const createMemoryBus = (options: { log?: Logger } = {}): Bus => new MemoryBus(options.log)

interface Sent {
  text: string
  stamp: CallStamp | null
  carrier: Carrier | null
  reply: (reply: Reply) => void
}
type Deliver = (sent: Sent, subject: string) => void

/** All callers are of this process. */
const self = 'self'

class MemoryBus implements Bus {
  readonly #log: Logger | undefined
  readonly #status = new LinkStatus(true)
  readonly #routes = new Routes<Deliver>()
  readonly #responders = new Set<Responder>()
  readonly #pending = new Set<(error: ProblemError) => void>()
  readonly #clocks = new CallerClocks({ self, ask: () => Promise.reject(new ProblemError('unavailable')) })
  #queue: (() => void)[] = []
  #stopping = false

  constructor(log: Logger | undefined) {
    this.#log = log
  }

  publish(subject: string, text: string): void {
    checkPublishable(subject)
    checkPayload(text)
    if (!this.#status.connected) return
    recordPublish(subject)
    this.#send(subject, { text, stamp: null, carrier: traceHeaders(), reply: () => {} })
  }

  subscribe(subject: string, onText: (text: string, subject: string) => void): BusSubscription {
    checkSubscribable(subject)
    return this.#route(subject, null, ({ text, carrier }, from) => {
      try {
        tracedEvent(from, carrier, () => onText(text, from))
      } catch (error) {
        this.#log?.error({ subject: from, err: error }, 'bus subscriber failed')
      }
    })
  }

  request(subject: string, text: string, timeoutMs: number): Promise<string> {
    return tracedRequest(subject, () => this.#request(subject, text, timeoutMs))
  }

  async #request(subject: string, text: string, timeoutMs: number): Promise<string> {
    checkPublishable(subject)
    checkPayload(text)
    if (!this.#status.connected) throw new ProblemError('unavailable', 'The bus is closed')
    const { promise, resolve, reject } = Promise.withResolvers<string>()
    const fail = (error: ProblemError) => reject(error)
    this.#pending.add(fail)
    const deadline = setTimeout(() => fail(new ProblemError('deadline-exceeded', `No answer on ${subject}`)), timeoutMs)
    const stamp = { caller: self, sentAt: performance.now(), timeoutMs }
    const reply = (answered: Reply) => {
      if ('text' in answered) resolve(answered.text)
      else fail(new ProblemError(answered.failed, answered.detail))
    }
    const reached = this.#send(subject, { text, stamp, carrier: traceHeaders(), reply })
    if (reached === 0) this.#later(() => fail(new ProblemError('unavailable', `Nobody answers ${subject}`)))
    try {
      return await promise
    } finally {
      clearTimeout(deadline)
      this.#pending.delete(fail)
    }
  }

  respond(subject: string, queue: string, answer: Respond): BusSubscription {
    checkSubscribable(subject)
    const responder = new Responder({ subject, answer, log: this.#log, clocks: this.#clocks })
    this.#responders.add(responder)
    const route = this.#route(subject, queue, ({ text, stamp, carrier, reply }) => {
      if (this.#stopping) reply({ failed: 'unavailable', detail: 'The responder is stopping' })
      else responder.take({ text, stamp, carrier, reply: (result) => this.#later(() => reply(result)) })
    })
    const forget = () => {
      route.unsubscribe()
      void responder.idle().then(() => this.#responders.delete(responder))
    }
    return { ...route, unsubscribe: forget }
  }

  connected(): boolean {
    return this.#status.connected
  }

  onStatus(listener: (connected: boolean) => void): () => void {
    return this.#status.onChange(listener)
  }

  async close(timeoutMs: number): Promise<void> {
    if (this.#stopping) return
    this.#stopping = true
    await settle(this.#responders, timeoutMs)
    await new Promise<void>((resolve) => this.#later(resolve))
    this.#status.set(false)
    for (const fail of this.#pending) fail(new ProblemError('unavailable', 'The bus is closed'))
  }

  #route(pattern: string, queue: string | null, deliver: Deliver): BusSubscription {
    let active = true
    const guarded: Deliver = (sent, subject) => {
      if (active) deliver(sent, subject)
    }
    const remove = this.#routes.add({ pattern, queue, target: guarded })
    const unsubscribe = () => {
      active = false
      remove()
    }
    return { unsubscribe, ready: async () => {} }
  }

  #send(subject: string, sent: Sent): number {
    const targets = this.#routes.select(subject)
    for (const deliver of targets) this.#later(() => deliver(sent, subject))
    return targets.length
  }

  /** Everything goes through one queue, so order is kept and nothing runs inside the caller. */
  #later(task: () => void): void {
    this.#queue.push(task)
    if (this.#queue.length === 1) setImmediate(() => this.#drain())
  }

  #drain(): void {
    const tasks = this.#queue
    this.#queue = []
    for (const task of tasks) task()
  }
}
