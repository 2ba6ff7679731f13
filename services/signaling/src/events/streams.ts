import { randomInt } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import type { Principal } from '@parley/contracts'
import { ProblemError, type Clock, type EdgeAuth } from '@parley/kit'
import { EventSink } from './sse.ts'

/** The source of a stream. */
export interface Feed {
  /** The sink takes more. */
  advance(): void
  /** The stream has ended. */
  close(): void
}

interface Stream {
  principal: Principal
  sink: EventSink
  feed: Feed | null
  /** When it is looked for what no hint told of, by the monotonic clock. */
  pollAt: number
}

/** A place for a stream that is about to begin. */
export interface StreamSlot {
  begin(response: ServerResponse, feed: (sink: EventSink) => Feed): void
  /** It will not begin. */
  release(): void
}

const tickMs = 500
const pollEveryMs = 15_000
const maxPerUser = 12
const retryMs = 1_000
/** Of a node that goes: the next one is there already. */
const movingRetryMs = 200
const fullRetryMs = 5_000

/** Every event stream of this node: how many there may be, heartbeats, and the end of those whose token is not good any more. */
export class Streams {
  readonly #clock: Clock
  readonly #auth: EdgeAuth
  readonly #max: number
  readonly #all = new Set<Stream>()
  readonly #perUser = new Map<string, number>()
  #places = 0
  #draining = false
  #timer: NodeJS.Timeout | undefined

  constructor({ clock, auth, max }: { clock: Clock; auth: EdgeAuth; max: number }) {
    this.#clock = clock
    this.#auth = auth
    this.#max = max
  }

  get size(): number {
    return this.#all.size
  }

  start(): void {
    this.#timer = setInterval(() => this.#tick(), tickMs)
    this.#auth.revocations.onRevoked(() => this.#endRevoked())
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  /**
   * @throws ProblemError `unavailable` when this node takes no more, `rate-limited` when this user has enough, `token-expired`
   * for a token that only the tolerance of clocks has let in
   */
  placeOrThrow(principal: Principal): StreamSlot {
    if (hasEnded(principal, this.#clock.now())) throw new ProblemError('token-expired')
    if (this.#draining || this.#places >= this.#max)
      throw new ProblemError('unavailable', 'This node takes no new streams', { retryAfterMs: movingRetryMs })
    const { userId } = principal
    const count = this.#perUser.get(userId) ?? 0
    if (count >= maxPerUser)
      throw new ProblemError('rate-limited', `At most ${maxPerUser} event streams at a time`, {
        retryAfterMs: fullRetryMs,
      })
    this.#places += 1
    this.#perUser.set(userId, count + 1)
    let held = true
    const release = () => {
      if (!held) return
      held = false
      this.#release(userId)
    }
    return { release, begin: (response, feed) => this.#begin(response, { principal, feed, release }) }
  }

  /** Ends all streams at random moments within `overMs`, telling each to come again at once. */
  drain(overMs: number): void {
    this.#draining = true
    for (const { sink } of this.#all) {
      setTimeout(
        () => {
          sink.retryAfter(movingRetryMs)
          sink.end()
        },
        randomInt(Math.max(1, overMs)),
      )
    }
  }

  /** Takes new streams again. */
  undrain(): void {
    this.#draining = false
  }

  endAll(): void {
    for (const { sink } of this.#all) sink.end()
  }

  #begin(
    response: ServerResponse,
    { principal, feed, release }: { principal: Principal; feed: (sink: EventSink) => Feed; release: () => void },
  ): void {
    // A client that has gone before it was answered closes nothing any more.
    if (response.destroyed) return release()
    const now = this.#clock.monotonic()
    const onClose = () => {
      release()
      this.#all.delete(stream)
      stream.feed?.close()
    }
    const sink = new EventSink(response, { now, onDrain: () => stream.feed?.advance(), onClose })
    const stream: Stream = { principal, sink, feed: null, pollAt: now + randomInt(pollEveryMs) }
    this.#all.add(stream)
    sink.retryAfter(retryMs)
    stream.feed = feed(sink)
    stream.feed.advance()
  }

  #release(userId: string): void {
    this.#places -= 1
    const count = (this.#perUser.get(userId) ?? 1) - 1
    if (count > 0) this.#perUser.set(userId, count)
    else this.#perUser.delete(userId)
  }

  #tick(): void {
    const [now, wallNow] = [this.#clock.monotonic(), this.#clock.now()]
    for (const stream of this.#all) {
      if (hasEnded(stream.principal, wallNow)) stream.sink.end()
      else stream.sink.tick(now)
      if (now < stream.pollAt) continue
      stream.pollAt = now + pollEveryMs
      stream.feed?.advance()
    }
  }

  #endRevoked(): void {
    for (const { principal, sink } of this.#all) if (this.#auth.revocations.isRevoked(principal)) sink.end()
  }
}

const hasEnded = ({ expiresAt }: Principal, wallNow: number): boolean => expiresAt * 1_000 < wallNow
