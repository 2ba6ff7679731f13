import { Empty, Events, headers, type NatsError, StringCodec, type Msg, type MsgHdrs, type NatsConnection } from 'nats'
import { LinkStatus } from '../link-status.ts'
import type { Logger } from '../logger.ts'
import type { Metrics } from '../metrics.ts'
import { newId } from '../ids.ts'
import { ProblemError } from '../problem.ts'
import { traceHeaders } from '../tracing/trace.ts'
import type { Bus, BusSubscription, Respond } from './bus.ts'
import { readStamp, writeStamp } from './call.ts'
import { recordPublish, tracedEvent, tracedRequest } from './bus-trace.ts'
import { CallerClocks } from './caller-clocks.ts'
import { firstConnection } from './first-connection.ts'
import { LinkProbe } from './link-probe.ts'
import { createLatency } from './latency.ts'
import { clockOf, defaultNamespace, inboxOf } from './namespace.ts'
import { natsOptions, type NatsLogin } from './nats-options.ts'
import { carrierOf, withTrace } from './nats-trace.ts'
import { asProblem, failedHeader, textOrThrow } from './nats-problem.ts'
import { checkPayload } from './payload.ts'
import { Responder, settle, type Reply } from './responder.ts'
import { checkPublishable, checkSubscribable, checkToken } from './subjects.ts'

export interface NatsBusOptions {
  url: string
  login?: NatsLogin | undefined
  /** Before every subject, so that several installations can share a server; default `parley`. */
  namespace?: string | undefined
  /** Shown by the server for this connection. The part before a `/` is the service: answers come to it below a subject of its own. */
  name: string
  log: Logger
  /** Whether it hears what it says itself, as it does unless told otherwise. */
  echo?: boolean | undefined
  /** Shows how much waits. */
  metrics?: Pick<Metrics, 'queue' | 'histogram'>
  /** The connection ended for good without `close()`: the process had better exit. */
  onClosed?: (error: Error | undefined) => void
}

/** Connects, waiting for the server as long as it takes. Throws StartupError if it refuses the login, or TLS fails. */
export async function connectNatsBus(options: NatsBusOptions): Promise<Bus> {
  const { namespace = defaultNamespace, name, log } = options
  const [service = name] = name.split('/')
  for (const token of [namespace, service]) checkToken(token)
  const inboxPrefix = inboxOf(namespace, service)
  const connection = await firstConnection(natsOptions({ ...options, inboxPrefix }), log)
  return new NatsBus(connection, { ...options, namespace, service })
}

const codec = StringCodec()
const callHeader = 'Parley-Call'
const readyTimeoutMs = 2000
const flushTimeoutMs = 1000
/** The most that waits for the server: more than one that answers ever leaves. */
const mostWaiting = 10_000

class NatsBus implements Bus {
  readonly #connection: NatsConnection
  readonly #log: Logger
  readonly #status = new LinkStatus(true)
  readonly #pending = new Set<(error: ProblemError) => void>()
  /** Each responder with what stops the server sending to it. */
  readonly #responders = new Map<Responder, () => Promise<void>>()
  readonly #probe: LinkProbe
  /** This process, as those know it whom it asks. */
  readonly #self: string
  /** The prefix of every subject. */
  readonly #prefix: string
  readonly #clocks: CallerClocks
  readonly #measured: ReturnType<typeof createLatency>
  /** By the client's own word; without an answer to a probe the link counts as down, too. */
  #linked = true
  #closing = false

  constructor(
    connection: NatsConnection,
    { log, metrics, onClosed, namespace, service }: NatsBusOptions & { namespace: string; service: string },
  ) {
    this.#connection = connection
    this.#prefix = `${namespace}.`
    this.#self = `${service}_${newId()}`
    this.#log = log
    this.#probe = new LinkProbe({
      ask: () => connection.flush(),
      silent: () => {
        log.warn('NATS does not answer')
        this.#lost('NATS does not answer')
      },
      answered: () => this.#status.set(this.#linked),
    })
    this.#measured = createLatency(metrics)
    metrics?.queue('bus-publishes', () => this.#probe.unconfirmed)
    metrics?.queue('bus-requests', () => this.#pending.size)
    metrics?.queue('bus-answers', () => Math.max(0, ...[...this.#responders.keys()].map(({ waiting }) => waiting)))
    this.#clocks = new CallerClocks({ self: this.#self, ask: (caller, timeoutMs) => this.#askClock(caller, timeoutMs) })
    this.#listen(clockOf(this.#self), {}, (message) => message.respond(codec.encode(String(performance.now()))))
    void this.#watch()
    void connection.closed().then((error) => {
      this.#lost('The connection to NATS is closed')
      if (this.#closing) return
      log.error({ err: error }, 'connection to NATS closed for good')
      onClosed?.(error ?? undefined)
    })
  }

  publish(subject: string, text: string): void {
    checkPublishable(subject)
    checkPayload(text)
    if (!this.#status.connected) return
    // A publisher may lose its message, and hears of it: the link counts as down until the server answers.
    if (this.#probe.unconfirmed >= mostWaiting) return this.#flooded()
    recordPublish(subject)
    const trace = traceHeaders()
    this.#connection.publish(
      this.#prefix + subject,
      codec.encode(text),
      trace === null ? {} : { headers: withTrace(headers(), trace) },
    )
    this.#probe.sent()
  }

  subscribe(subject: string, onText: (text: string, subject: string) => void): BusSubscription {
    checkSubscribable(subject)
    const subscription = this.#listen(subject, {}, (message) => {
      const bare = message.subject.slice(this.#prefix.length)
      tracedEvent(bare, carrierOf(message), () => onText(codec.decode(message.data), bare))
    })
    const unsubscribe = () => {
      if (!subscription.isClosed()) subscription.unsubscribe()
    }
    return { unsubscribe, ready: () => this.#roundTrip(readyTimeoutMs) }
  }

  request(subject: string, text: string, timeoutMs: number): Promise<string> {
    return tracedRequest(subject, () => this.#measured(this.#request(subject, text, timeoutMs)))
  }

  async #request(subject: string, text: string, timeoutMs: number): Promise<string> {
    checkPublishable(subject)
    checkPayload(text)
    if (!this.#status.connected) throw new ProblemError('unavailable', 'Not connected to NATS')
    if (this.#pending.size >= mostWaiting) throw new ProblemError('unavailable', 'Too many requests wait for an answer')
    const { promise: lost, reject } = Promise.withResolvers<never>()
    this.#pending.add(reject)
    const watched = this.#probe.watch()
    try {
      const answered = this.#connection.request(this.#prefix + subject, codec.encode(text), {
        timeout: timeoutMs,
        headers: this.#stamped(timeoutMs),
      })
      return textOrThrow(await Promise.race([answered, lost]))
    } catch (error) {
      throw asProblem(error, subject)
    } finally {
      watched()
      this.#pending.delete(reject)
    }
  }

  respond(subject: string, queue: string, answer: Respond): BusSubscription {
    checkSubscribable(subject)
    const responder = new Responder({ subject, answer, log: this.#log, clocks: this.#clocks })
    const subscription = this.#listen(subject, { queue }, (message) =>
      responder.take({
        text: codec.decode(message.data),
        stamp: readStamp(message.headers?.get(callHeader)),
        carrier: carrierOf(message),
        reply: (reply) => this.#reply(message, reply),
      }),
    )
    const stop = () => subscription.drain().catch(this.#tellLost('a subscription was gone before it was drained'))
    this.#responders.set(responder, stop)
    const unsubscribe = () =>
      void stop()
        .then(() => responder.idle())
        .then(() => this.#responders.delete(responder))
    return { unsubscribe, ready: () => this.#roundTrip(readyTimeoutMs) }
  }

  /** Closing goes on whether or not the server is there; what that loses is for the log. */
  #tellLost(what: string): (err: unknown) => void {
    return (err) => this.#log.debug({ err }, what)
  }

  connected(): boolean {
    return this.#status.connected
  }

  onStatus(listener: (connected: boolean) => void): () => void {
    return this.#status.onChange(listener)
  }

  async close(timeoutMs: number): Promise<void> {
    if (this.#closing) return
    this.#closing = true
    const started = performance.now()
    // Requests the server has sent already still arrive during the drain and are answered.
    const drained = Promise.all([...this.#responders.values()].map((stop) => stop()))
    await Promise.race([
      drained,
      this.#roundTrip(timeoutMs).catch(this.#tellLost('the server did not answer while closing')),
    ])
    await settle(this.#responders.keys(), Math.max(0, timeoutMs - (performance.now() - started)))
    await this.#roundTrip(flushTimeoutMs).catch(this.#tellLost('what was published last may not have left'))
    // Before the client does it, which would call it a timeout.
    this.#lost('The bus is closed')
    await this.#connection.close()
  }

  /** A throw inside the client's callback would end its reading for good, without a word. */
  #listen(subject: string, options: { queue?: string }, onMessage: (message: Msg) => void) {
    const callback = (error: NatsError | null, message: Msg) => {
      try {
        if (error) throw error
        onMessage(message)
      } catch (failure) {
        this.#log.error({ subject, err: failure }, 'bus subscriber failed')
      }
    }
    return this.#connection.subscribe(this.#prefix + subject, { ...options, callback })
  }

  #stamped(timeoutMs: number): MsgHdrs {
    const stamped = headers()
    stamped.set(callHeader, writeStamp({ caller: this.#self, sentAt: performance.now(), timeoutMs }))
    const trace = traceHeaders()
    return trace === null ? stamped : withTrace(stamped, trace)
  }

  /** Not as a request of ours: it has no deadline that anybody had to know the clock for. */
  async #askClock(caller: string, timeoutMs: number): Promise<number> {
    const answered = await this.#connection.request(this.#prefix + clockOf(caller), Empty, { timeout: timeoutMs })
    return Number(codec.decode(answered.data))
  }

  #reply(message: Msg, reply: Reply): void {
    if (message.reply === undefined || this.#connection.isClosed()) return
    if ('text' in reply) message.respond(codec.encode(reply.text))
    else {
      const failed = headers()
      failed.set(failedHeader, reply.failed)
      message.respond(codec.encode(reply.detail), { headers: failed })
    }
  }

  async #roundTrip(timeoutMs: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_, reject) => (timer = setTimeout(() => reject(new Error('late')), timeoutMs)))
    try {
      if (!this.#status.connected) throw new Error('not connected')
      await Promise.race([this.#connection.flush(), late])
    } catch (error) {
      throw new ProblemError('unavailable', 'NATS did not answer', {}, { cause: error })
    } finally {
      clearTimeout(timer)
    }
  }

  async #watch(): Promise<void> {
    for await (const event of this.#connection.status()) {
      if (event.type === Events.Disconnect) {
        this.#log.warn('disconnected from NATS')
        this.#linked = false
        this.#lost('The connection to NATS was lost')
      } else if (event.type === Events.Reconnect) {
        this.#log.info('connected to NATS again')
        this.#linked = true
        this.#probe.reset()
        this.#status.set(true)
      } else if (event.type === Events.Error) this.#log.warn({ code: event.data }, 'NATS reports an error')
    }
  }

  #flooded(): void {
    this.#log.warn({ most: mostWaiting }, 'too many messages wait for NATS')
    this.#lost('Too much waits for NATS')
  }

  #lost(why: string): void {
    this.#status.set(false)
    for (const fail of this.#pending) fail(new ProblemError('unavailable', why))
  }
}
