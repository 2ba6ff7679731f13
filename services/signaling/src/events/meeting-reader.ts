import type { MeetingEvent } from '@parley/contracts'
import { readDelta } from '../room/state.ts'
import { readAfter, type ChatTail, type TailEntry } from './chat-tail.ts'
import { writeCursor, type Cursor } from './cursor.ts'
import type { ChannelReader, MeetingChannel } from './meeting-channel.ts'
import { eventText, type EventSink } from './sse.ts'

/**
 * One stream of a meeting: a place in what happens, moved on for as long as the sink takes more. Events that the channel does not remember are read from where they are kept, one thing at a time.
 */
export class MeetingReader implements ChannelReader {
  readonly userId: string
  readonly #channel: MeetingChannel
  readonly #sink: EventSink
  /** Null: nothing was sent yet. */
  #at: Cursor | null
  #reading = false

  constructor(channel: MeetingChannel, { userId, sink, at }: { userId: string; sink: EventSink; at: Cursor | null }) {
    this.userId = userId
    this.#channel = channel
    this.#sink = sink
    this.#at = at
  }

  end(): void {
    this.#sink.end()
  }

  advance(): void {
    while (this.#sink.open && !this.#sink.full && !this.#reading) {
      if (this.#at === null) this.#at = this.#showRoom(this.#channel.head)
      else if (!this.#step(this.#at)) break
    }
    if (this.#at !== null && !this.#reading && !this.#sink.full && this.#channel.endsAt(this.#at)) this.#sink.end()
  }

  /** Sends the next event; false when there is none now. */
  #step(at: Cursor): boolean {
    if (this.#stepMeeting(at) || this.#stepRoom(at)) return true
    if (this.#reading) return false
    return this.#stepChat(at, 'seq') || (!this.#reading && this.#stepChat(at, 'rev'))
  }

  #stepMeeting(at: Cursor): boolean {
    const { meeting, head } = this.#channel
    if (at.status >= head.status) return false
    this.#send({ ...at, status: head.status }, 'meeting.updated', JSON.stringify({ v: at.v, meeting }))
    return true
  }

  #stepRoom(at: Cursor): boolean {
    const { ring, head, over } = this.#channel
    if (head.v === 0 && (at.v === 0 || over)) return false
    if (at.v > 0 && at.epoch !== head.epoch) return this.#read(() => this.#readRoom(at))
    if (at.v === head.v) return false
    const next = at.v < head.v ? ring.after(at.v) : null
    if (next === null) return this.#read(() => this.#readRoom(at))
    const after = { ...at, epoch: head.epoch, v: next.v }
    if (next.event === null) this.#at = after
    else this.#send(after, next.event.type, next.event.data)
    return true
  }

  #stepChat(at: Cursor, by: 'seq' | 'rev'): boolean {
    const tail = by === 'seq' ? this.#channel.messages : this.#channel.changes
    if (at[by] === tail.head) return false
    if (at[by] > tail.head) return this.#read(() => this.#waitForChat(at, by, tail))
    if (!tail.remembers(at[by])) return this.#read(() => this.#readChat(at, by, tail))
    const next = tail.after(at[by])
    if (next !== null) this.#sendMessage(at, by, next)
    return next !== null
  }

  /** Does one thing that takes time, then goes on; what fails is tried again when the channel next calls. */
  #read(work: () => Promise<void>): false {
    const { deps, meetingId } = this.#channel
    this.#reading = true
    work().then(
      () => {
        this.#reading = false
        this.advance()
      },
      (err: unknown) => {
        this.#reading = false
        deps.log.debug({ err, meetingId }, 'an event stream could not read what it missed; it is tried again')
      },
    )
    return false
  }

  /** Brings a reader up to date. Its position is older than the memory here, or comes from a node that knew more. */
  async #readRoom(at: Cursor): Promise<void> {
    const { deps, meetingId, room, head } = this.#channel
    const delta = at.epoch === head.epoch && at.v < head.v ? await deps.kv.docs.since(meetingId, at.epoch, at.v) : null
    const changed = delta && readDelta(delta)
    if (changed) return this.#send({ ...at, v: changed.v }, 'room.delta', JSON.stringify(changed))
    if (at.v > head.v || at.epoch !== head.epoch) await room.catchUp()
    const now = this.#channel.head
    if (at.epoch === now.epoch && at.v > head.v && at.v <= now.v) return
    this.#at = this.#showRoom({ ...now, seq: at.seq, rev: at.rev })
  }

  async #readChat(at: Cursor, by: 'seq' | 'rev', tail: ChatTail): Promise<void> {
    const { deps, meetingId } = this.#channel
    const entries = await readAfter({ ...deps, meetingId }, by, at[by])
    let here = at
    for (const entry of entries) here = this.#sendMessage(here, by, entry)
    // The chat has none of them any more.
    if (entries.length === 0) this.#at = { ...at, [by]: tail.head }
  }

  /** Another node knew more than this one; what nobody knows was never there. */
  async #waitForChat(at: Cursor, by: 'seq' | 'rev', tail: ChatTail): Promise<void> {
    const { deps, meetingId } = this.#channel
    const [newest] = await readAfter({ ...deps, meetingId }, by, at[by] - 1)
    if (newest === undefined) this.#at = { ...at, [by]: tail.head }
    else tail.reach(newest.number)
    await tail.settled()
    if (newest !== undefined && tail.head < at[by]) throw new Error('the chat of this node is behind')
  }

  #showRoom(at: Cursor): Cursor {
    this.#send(at, 'room.snapshot', JSON.stringify(this.#channel.viewAt(at)))
    return at
  }

  #sendMessage(at: Cursor, by: 'seq' | 'rev', { number, data }: TailEntry): Cursor {
    const after = { ...at, [by]: number }
    this.#send(after, by === 'seq' ? 'chat.message' : 'chat.updated', data)
    return after
  }

  #send(after: Cursor, type: MeetingEvent['type'], data: string): void {
    this.#at = after
    this.#sink.write(eventText({ id: writeCursor(after), type, data }))
  }
}
