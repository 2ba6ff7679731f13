import type { Socket } from 'node:net'
import { between, type Random } from '../random.ts'
import type { Weather } from './weather.ts'

type Item = { dueAt: number; chunk: Buffer } | { dueAt: number; end: 'half' | 'reset' }

export interface LaneOptions {
  from: Socket
  to: Socket
  way: 'up' | 'down'
  weather: () => Weather
  random: Random
}

/** With more than this waiting, nothing more is read: the sender feels it as it would a slow network. */
const mostWaitingBytes = 1_048_576

/** One way of one connection: bytes go in at `from` and come out at `to`, in order, as late as the weather says. */
export class Lane {
  readonly #options: LaneOptions
  #items: Item[] = []
  #waitingBytes = 0
  #lastDueAt = 0
  #timer: NodeJS.Timeout | undefined
  #blocked = false

  constructor(options: LaneOptions) {
    this.#options = options
    const { from, to } = options
    from.on('data', (chunk: Buffer) => this.#take(chunk))
    from.on('end', () => this.#put({ dueAt: 0, end: 'half' }))
    from.on('close', (failed) => failed && this.#put({ dueAt: 0, end: 'reset' }))
    to.on('drain', () => {
      this.#blocked = false
      this.pump()
    })
    to.on('close', () => clearTimeout(this.#timer))
  }

  /** Lets out what is due; to be called when the weather has changed. */
  pump(): void {
    const { to, way, weather } = this.#options
    clearTimeout(this.#timer)
    while (weather()[way] === 'flow' && !this.#blocked && !to.destroyed) {
      const next = this.#items[0]
      if (next === undefined) return
      const wait = next.dueAt - performance.now()
      if (wait > 0.5) {
        this.#timer = setTimeout(() => this.pump(), wait)
        return
      }
      this.#items.shift()
      this.#release(next)
    }
  }

  #take(chunk: Buffer): void {
    const { from, to, way, weather, random } = this.#options
    if (way === 'down' && weather().cutAnswers > 0 && random() < weather().cutAnswers) {
      to.resetAndDestroy()
      from.resetAndDestroy()
      return
    }
    this.#waitingBytes += chunk.length
    if (this.#waitingBytes > mostWaitingBytes) from.pause()
    this.#put({ dueAt: 0, chunk })
  }

  #put(item: Item): void {
    const { delayMs, jitterMs } = this.#options.weather()
    const delay = delayMs === 0 ? 0 : Math.max(0, delayMs + (this.#options.random() * 2 - 1) * jitterMs)
    this.#lastDueAt = Math.max(this.#lastDueAt, performance.now() + delay)
    this.#items.push({ ...item, dueAt: this.#lastDueAt })
    this.pump()
  }

  #release(item: Item): void {
    const { from, to } = this.#options
    if ('end' in item) {
      if (item.end === 'half') to.end()
      else to.resetAndDestroy()
      return
    }
    this.#waitingBytes -= item.chunk.length
    if (from.isPaused() && this.#waitingBytes <= mostWaitingBytes / 2) from.resume()
    for (const piece of this.#pieces(item.chunk)) this.#blocked = !to.write(piece)
  }

  *#pieces(chunk: Buffer): Generator<Buffer> {
    const { weather, random } = this.#options
    const { sliceBytes } = weather()
    if (sliceBytes === 0) return yield chunk
    for (let at = 0; at < chunk.length;) {
      const until = at + between(random, 1, sliceBytes)
      yield chunk.subarray(at, until)
      at = until
    }
  }
}
