import { publishersIn, type PublishedStream } from '../janus/messages.ts'
import type { JanusEvent } from '../janus/janus-link.ts'
import type { ShownParticipant } from '@parley/contracts'
import { mayForward } from './published.ts'

export interface Muting {
  feed: string
  mid: string
  mute: boolean
}

/**
 * The media published in one room, as its events tell, and which media were told to be muted or not. Janus does not show the latter in
 * `listparticipants`: one that is not known is told again.
 */
export class Feeds {
  readonly #streams = new Map<string, readonly PublishedStream[]>()
  /** By feed and mid. */
  readonly #told = new Map<string, Map<string, boolean>>()

  get publishers(): number {
    return this.#streams.size
  }

  /** Takes in a `joined` or an `event` of the VideoRoom; true if something is published, or not any more. */
  note(event: JanusEvent): boolean {
    const published = publishersIn(event)
    for (const { id, streams = [] } of published) {
      this.#streams.set(id, streams)
      this.#told.delete(id)
    }
    const gone = [event['unpublished'], event['leaving'], event['kicked']].filter(
      (id): id is string => typeof id === 'string',
    )
    for (const id of gone) this.forget(id)
    return published.length > 0 || gone.length > 0
  }

  forget(feed: string): void {
    this.#streams.delete(feed)
    this.#told.delete(feed)
  }

  clear(): void {
    this.#streams.clear()
    this.#told.clear()
  }

  /** The commands for Janus, so that it forwards what these people show and nothing else. */
  due(participants: ReadonlyMap<string, ShownParticipant>): Muting[] {
    return [...this.#streams].flatMap(([feed, streams]) => {
      const participant = participants.get(feed)
      return streams.flatMap((stream) => {
        const mute = participant === undefined || !mayForward(stream, streams, participant)
        return this.#told.get(feed)?.get(stream.mid) === mute ? [] : [{ feed, mid: stream.mid, mute }]
      })
    })
  }

  /** Janus has been told. */
  told({ feed, mid, mute }: Muting): void {
    const mids = this.#told.get(feed) ?? new Map<string, boolean>()
    this.#told.set(feed, mids.set(mid, mute))
  }
}
