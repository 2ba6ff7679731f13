import { meetingsBus } from '@parley/contracts'
import { request, subscribe, type Bus, type BusSubscription, type Logger } from '@parley/kit'
import type { Static } from 'typebox'
import { eventText, type EventSink } from './sse.ts'

type Page = Static<(typeof meetingsBus.userEvents)['output']>

export interface UserEventsDeps {
  bus: Bus
  log: Logger
}

const pageSize = 50

/** The events of an account after one of them. Rejects with `unavailable`. */
export const readUserEvents = (bus: Bus, userId: string, after: string | null): Promise<Page> =>
  request(bus, meetingsBus.userEvents, { userId, after, limit: pageSize })

/** One stream of an account: a place in its events, which the meetings service keeps; the bus only says that there are more. */
export class UserReader {
  readonly userId: string
  readonly #deps: UserEventsDeps
  readonly #sink: EventSink
  readonly #boxes = new Map<string, BusSubscription>()
  #after: string
  #reading = false
  #again = false

  /** `first` is what was read before the stream began, after `after`. */
  constructor(
    deps: UserEventsDeps,
    { userId, sink, first }: { userId: string; sink: EventSink; first: Page & { after: string | null } },
  ) {
    this.userId = userId
    this.#deps = deps
    this.#sink = sink
    this.#after = first.after ?? first.head
    this.#take(first, first.after === null)
  }

  /** Reads on, if the sink takes more; called on each hint, when the sink is empty again, and every few seconds. */
  advance(): void {
    if (!this.#sink.open || this.#sink.full) return
    if (this.#reading) this.#again = true
    else void this.#read()
  }

  close(): void {
    for (const subscription of this.#boxes.values()) subscription.unsubscribe()
  }

  async #read(): Promise<void> {
    this.#reading = true
    try {
      do {
        this.#again = false
        const page = await readUserEvents(this.#deps.bus, this.userId, this.#after)
        if (!this.#sink.open) return
        this.#take(page, false)
      } while (this.#again && !this.#sink.full)
    } catch (err) {
      this.#deps.log.debug({ err, userId: this.userId }, 'user events could not be read; it is tried again')
    } finally {
      this.#reading = false
    }
  }

  #take({ events, head, complete, boxes }: Page, anew: boolean): void {
    this.#subscribe(boxes)
    if (anew || !complete) this.#send(head, 'stream.opened', {})
    for (const { id, type, data } of events) this.#send(id, type, data)
    if (events.length === pageSize) this.#again = true
  }

  #send(id: string, type: string, data: unknown): void {
    this.#after = id
    this.#sink.write(eventText({ id, type, data: JSON.stringify(data) }))
  }

  /** Events from before the subscription are read once more. */
  #subscribe(boxes: readonly string[]): void {
    for (const box of boxes) {
      if (this.#boxes.has(box)) continue
      const { bus, log } = this.#deps
      const subscription = subscribe(bus, meetingsBus.news, { box }, () => this.advance(), log)
      this.#boxes.set(box, subscription)
      subscription.ready().then(
        () => this.advance(),
        (err: unknown) => log.debug({ err }, 'user events are looked for every few seconds only'),
      )
    }
  }
}
