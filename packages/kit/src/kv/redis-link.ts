import { createHash } from 'node:crypto'
import { Redis } from 'ioredis'
import { LinkStatus } from '../link-status.ts'
import type { Logger } from '../logger.ts'
import { ProblemError } from '../problem.ts'
import { redisOptions } from './redis-options.ts'

/** A Lua script that Redis runs in one step. */
export interface Script {
  lua: string
  sha: string
}

export const script = (lua: string): Script => ({ lua, sha: createHash('sha1').update(lua).digest('hex') })

/** A connection that did not answer this many commands in a row is replaced. */
const maxMisses = 3
const retryAfterMs = 1000
/** Commands without an answer at most: far more than Redis, while it answers, ever leaves. */
const mostWaiting = 10_000
/** Answers that mean "not now": loading, a replica, a failover, no memory. */
const temporary = /^(LOADING|READONLY|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|OOM|BUSY|MISCONF|NOREPLICAS)\b/

/** A connection to Redis on which every command either answers or fails as `unavailable` within 300 ms. */
export class RedisLink {
  readonly client: Redis
  readonly status = new LinkStatus(false)
  readonly #log: Logger
  #misses = 0

  constructor(url: string, log: Logger) {
    this.#log = log
    this.client = new Redis(url, redisOptions)
    this.client.on('ready', () => this.#up())
    this.client.on('close', () => this.status.set(false))
    // Without a listener ioredis prints each failed attempt itself.
    this.client.on('error', (error: Error) => log.debug({ err: error }, 'redis connection error'))
    this.status.onChange((connected) => {
      if (connected) log.info('connected to Redis')
      else log.warn('disconnected from Redis')
    })
  }

  /** Resolves at the first connection, however long that takes. */
  async ready(): Promise<void> {
    if (this.status.connected) return
    const waiting = setInterval(() => this.#log.warn('waiting for Redis'), 5000)
    await new Promise<void>((resolve) => this.client.once('ready', () => resolve()))
    clearInterval(waiting)
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
    if (this.full) throw new ProblemError('unavailable', 'Too much waits for the room store', { retryAfterMs })
    try {
      const answer = await command(this.client)
      this.#misses = 0
      return answer
    } catch (error) {
      throw this.failed(error)
    }
  }

  async eval({ lua, sha }: Script, keys: readonly string[], args: readonly (string | number)[]): Promise<unknown> {
    return this.run(async (client) => {
      try {
        return await client.evalsha(sha, keys.length, ...keys, ...args)
      } catch (error) {
        if (!isReply(error, /^NOSCRIPT/)) throw error
        return await client.eval(lua, keys.length, ...keys, ...args)
      }
    })
  }

  /** Notes a failed command, and says what it is to the caller. */
  failed(error: unknown): unknown {
    if (isReply(error, /^/) && !isReply(error, temporary)) return error
    if (error instanceof Error && error.message === 'Command timed out') this.#missed()
    return new ProblemError('unavailable', 'The room store is not available', { retryAfterMs }, { cause: error })
  }

  close(): void {
    this.client.disconnect()
  }

  #up(): void {
    this.#misses = 0
    this.status.set(true)
  }

  /** A frozen server keeps its connections open: only silence tells. */
  #missed(): void {
    this.#misses += 1
    if (this.#misses < maxMisses || this.client.status !== 'ready') return
    this.#misses = 0
    this.client.disconnect(true)
  }
}

/** Whether Redis itself answered with an error of this kind. */
export const isReply = (error: unknown, kind: RegExp): boolean =>
  error instanceof Error && error.name === 'ReplyError' && kind.test(error.message)
