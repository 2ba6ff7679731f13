import type { Redis } from 'ioredis'
import { LinkStatus } from '../link-status.ts'
import type { Logger } from '../logger.ts'
import type { Metrics } from '../metrics.ts'
import { ProblemError } from '../problem.ts'
import { StartupError } from '../startup-error.ts'
import { tracedBelow } from '../tracing/trace.ts'
import { isReply, runScript, type Script } from './lua.ts'
import { createRedisClient, type RedisLogin } from './redis-options.ts'
import { readSentinelUrl } from './redis-url.ts'
import { SentinelWatch, type Address } from './sentinel-watch.ts'

interface Options {
  url: string
  login?: RedisLogin | undefined
  log: Logger
  /**
   * Runs after every connect, before any other command is let through. When it rejects the connection is made anew; a StartupError at
   * the first connect is final.
   */
  greet(client: Redis): Promise<void>
  metrics?: Pick<Metrics, 'histogram'> | undefined
}

/** A connection that did not answer this many commands in a row is replaced. */
const maxMisses = 3
const retryAfterMs = 1000
/** Commands without an answer at most: far more than Redis, while it answers, ever leaves. */
const mostWaiting = 10_000
/** Answers that mean "not now": loading, a replica, a failover, no memory. */
const temporary = /^(LOADING|READONLY|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|OOM|BUSY|MISCONF|NOREPLICAS)\b/

const refusal = /^(NOAUTH|WRONGPASS|NOPERM)\b/

/** A connection to Redis on which every command either answers or fails as `unavailable` within 300 ms. */
export class RedisLink {
  readonly client: Redis
  readonly status = new LinkStatus(false)
  readonly #log: Logger
  readonly #greet: Options['greet']
  readonly #answered: ReturnType<Metrics['histogram']> | undefined
  readonly #first = Promise.withResolvers<void>()
  readonly #watch: SentinelWatch | null
  #misses = 0
  /** Counts connections and their ends. */
  #turn = 0
  #greetingFailed = false
  #lastError: Error | undefined

  constructor({ url, login, log, greet, metrics }: Options) {
    this.#log = log
    this.#greet = greet
    this.#answered = metrics?.histogram('parley_redis_command_seconds', 'Time until Redis answered', ['outcome'])
    this.#first.promise.catch(() => {})
    const sentinel = readSentinelUrl(url)
    this.client = createRedisClient(url, sentinel, login)
    this.#watch = sentinel && new SentinelWatch(sentinel, login ?? {}, log, (master) => this.#leaveUnless(master))
    this.client.on('ready', () => void this.#up())
    this.client.on('close', () => this.#down())
    // Without a listener ioredis prints each failed attempt itself.
    this.client.on('error', (error: Error) => {
      this.#lastError = error
      this.#giveUpIfRefused(error)
      log.debug({ err: error }, 'redis connection error')
    })
    this.status.onChange((connected) => {
      if (connected) log.info('connected to Redis')
      else log.warn('disconnected from Redis')
    })
  }

  /** Resolves at the first connection, however long that takes. Rejects with a StartupError if this Redis will not do. */
  async ready(): Promise<void> {
    const waiting = setInterval(() => this.#log.warn({ err: this.#lastError }, 'waiting for Redis'), 5000)
    try {
      await this.#first.promise
    } finally {
      clearInterval(waiting)
    }
  }

  /** Commands that wait for an answer, given up by their callers or not. */
  get waiting(): number {
    return this.client.commandQueue.length
  }

  /** Whether another command would be one too many. */
  get full(): boolean {
    return this.waiting >= mostWaiting
  }

  /** Runs commands; a lost or silent Redis becomes the problem `unavailable`. */
  async run<T>(command: (client: Redis) => Promise<T>): Promise<T> {
    if (!this.status.connected) throw unavailable()
    if (this.full) throw new ProblemError('unavailable', 'Too many requests wait for the room store', { retryAfterMs })
    const from = performance.now()
    try {
      const answer = await tracedBelow({ name: 'redis', kind: 'client' }, () => command(this.client))
      this.#misses = 0
      this.#answered?.observe({ outcome: 'answered' }, (performance.now() - from) / 1000)
      return answer
    } catch (error) {
      this.#answered?.observe({ outcome: 'failed' }, (performance.now() - from) / 1000)
      throw this.failed(error)
    }
  }

  async eval(script: Script, keys: readonly string[], args: readonly (string | number)[]): Promise<unknown> {
    return this.run((client) => runScript(client, script, keys, args))
  }

  /** Notes a failed command, and says what it is to the caller. */
  failed(error: unknown): unknown {
    if (isReply(error, /^/) && !isReply(error, temporary)) return error
    if (error instanceof Error && error.message === 'Command timed out') this.#missed()
    return unavailable(error)
  }

  close(): void {
    this.#turn += 1
    this.#watch?.close()
    this.client.disconnect()
  }

  async #up(): Promise<void> {
    this.#misses = 0
    const turn = (this.#turn += 1)
    try {
      await this.#greet(this.client)
      if (turn !== this.#turn) return
      this.#greetingFailed = false
      this.status.set(true)
      this.#first.resolve()
    } catch (error) {
      if (turn === this.#turn) this.#greetAgain(error)
    }
  }

  #greetAgain(error: unknown): void {
    if (!this.#greetingFailed) this.#log.warn({ err: error }, 'Redis cannot be used yet, will try again')
    this.#greetingFailed = true
    if (error instanceof StartupError) this.#first.reject(error)
    this.#giveUpIfRefused(error)
    this.#replace()
  }

  /** Waiting does not mend a login; later, a server that is set up anew may take it again. */
  #giveUpIfRefused(error: unknown): void {
    if (!isReply(error, refusal)) return
    const why = error instanceof Error ? error.message : ''
    this.#first.reject(
      new StartupError(`Redis refuses the login of this process, or its keys: ${why}`, { cause: error }),
    )
  }

  #down(): void {
    this.#turn += 1
    this.status.set(false)
  }

  /** A frozen server keeps its connections open: only silence tells. */
  #missed(): void {
    this.#misses += 1
    if (this.#misses >= maxMisses && this.status.connected) this.#replace()
  }

  /** Several Sentinels tell of the same failover. */
  #leaveUnless({ host, port }: Address): void {
    const { remoteAddress, remotePort } = this.client.stream
    if (this.client.status !== 'ready' || (remoteAddress === host && remotePort === port)) return
    this.#log.warn({ host, port }, 'Redis has another master')
    this.#replace()
  }

  /** Nothing more goes over this connection, while its end may take a moment. */
  #replace(): void {
    this.#misses = 0
    this.#down()
    this.client.disconnect(true)
  }
}

const unavailable = (cause?: unknown): ProblemError =>
  new ProblemError('unavailable', 'The room store is not available', { retryAfterMs }, { cause })
