import { chatBus, meetingsBus, type RoomChange, type Meeting, type RoomView } from '@parley/contracts'
import { request, isProblem, type Bus, type Kv, type Logger } from '@parley/kit'
import type { LiveRoom } from '../room/live-room.ts'
import { ChatTail, type ChatDeps } from './chat-tail.ts'
import { statusOf, type Cursor } from './cursor.ts'
import { shownRecording } from '../room/state.ts'
import { RoomRing } from './room-ring.ts'

export interface ChannelDeps {
  bus: Bus
  kv: Kv
  log: Logger
}

/** Somebody who reads a channel. */
export interface ChannelReader {
  readonly userId: string
  /** There is more, or one should try again. */
  advance(): void
  /** The right to read is gone. */
  end(): void
}

const maxAsked = 1_000

/** The common source of a meeting's streams on one node: the room's newest events, the newest of the chat, the meeting. */
export class MeetingChannel {
  readonly meetingId: string
  readonly deps: ChannelDeps
  readonly readers = new Set<ChannelReader>()
  readonly ring: RoomRing
  readonly room: LiveRoom
  readonly messages: ChatTail
  readonly changes: ChatTail
  #meeting: Meeting
  #checking: Promise<void> | null = null
  /** The meeting is over, and the chat was read after that: nothing more will come. */
  #final = false

  constructor(room: LiveRoom, meeting: Meeting, deps: ChannelDeps) {
    this.meetingId = room.meetingId
    this.deps = deps
    this.room = room
    this.#meeting = meeting
    this.ring = new RoomRing(room.state)
    const chat: ChatDeps = { bus: deps.bus, log: deps.log, meetingId: this.meetingId }
    const onMore = () => this.advance()
    this.messages = new ChatTail(chat, { by: 'seq', onMore })
    this.changes = new ChatTail(chat, { by: 'rev', onMore })
  }

  get meeting(): Meeting {
    return this.#meeting
  }

  get over(): boolean {
    return this.#meeting.status === 'ended' || this.#meeting.status === 'cancelled'
  }

  /** The present end of everything. */
  get head(): Cursor {
    const { epoch, v } = this.ring.state
    const seq = this.messages.head
    return { epoch: v === 0 ? '' : epoch, v, seq, rev: this.changes.head, status: statusOf(this.#meeting) }
  }

  /** The room as a stream at this place of the chat shows it. */
  viewAt({ seq, rev }: Pick<Cursor, 'seq' | 'rev'>): RoomView {
    const { v, seats, recording } = this.ring.state
    const participants = [...seats.values()].map(({ participant }) => participant)
    return { meeting: this.#meeting, participants, v, chatSeq: seq, chatRev: rev, ...shownRecording({ recording }) }
  }

  /** Whether nothing will come after this place. */
  endsAt(cursor: Cursor): boolean {
    if (!this.#final) return false
    const { epoch, v, seq, rev, status } = this.head
    // The room of a meeting that is over is forgotten after a while.
    const room = v === 0 || (cursor.epoch === epoch && cursor.v >= v)
    return room && cursor.seq >= seq && cursor.rev >= rev && cursor.status >= status
  }

  /** Reads where the chat ends. Rejects with `unavailable`. */
  async begin(): Promise<void> {
    const { over } = this
    const { seq, rev = 0 } = await this.#chatHead()
    this.messages.begin(seq)
    this.changes.begin(rev)
    this.#final = over
  }

  /** The room has changed, by these changes as far as they are known. */
  roomMoved(changes: readonly RoomChange[]): void {
    this.ring.moveTo(this.room.state, changes)
    const { meeting } = this.room.state
    if (meeting !== null) this.#take(meeting)
    this.advance()
    if (changes.some((change) => change.kind === 'ended' || (change.kind === 'left' && change.reason === 'kicked')))
      void this.check()
  }

  advance(): void {
    for (const reader of this.readers) reader.advance()
  }

  /** Looks whether the bus has lost something of the chat. Never rejects. */
  async lookAtChat(): Promise<void> {
    const { over } = this
    try {
      const { seq, rev = 0 } = await this.#chatHead()
      this.messages.reach(seq)
      this.changes.reach(rev)
      await Promise.all([this.messages.settled(), this.changes.settled()])
      this.#final = over && this.messages.head >= seq && this.changes.head >= rev
    } catch (err) {
      this.deps.log.debug({ err, meetingId: this.meetingId }, 'number of the newest chat message is not known')
    }
  }

  /** Reads the meeting again, and ends the streams of those who may not read it any more. Never rejects. */
  check(): Promise<void> {
    this.#checking ??= this.#check().finally(() => (this.#checking = null))
    return this.#checking
  }

  async #check(): Promise<void> {
    if (this.over && !this.#final) await this.lookAtChat()
    const userIds = [...new Set([...this.readers].map(({ userId }) => userId))]
    for (let at = 0; at < userIds.length; at += maxAsked) await this.#checkSome(userIds.slice(at, at + maxAsked))
  }

  async #checkSome(userIds: readonly string[]): Promise<void> {
    try {
      const { meetingId } = this
      const { meeting, readers } = await request(this.deps.bus, meetingsBus.readers, {
        meetingId,
        userIds: [...userIds],
      })
      this.#endAllBut(userIds, new Set(readers))
      this.#take(meeting)
      this.advance()
    } catch (err) {
      if (isProblem(err, 'not-found')) this.#endAllBut(userIds, new Set())
      // Nobody is removed without the meetings service; once it is back it is asked again.
      else this.deps.log.debug({ err, meetingId: this.meetingId }, 'the readers of event streams are not known')
    }
  }

  #endAllBut(asked: readonly string[], may: ReadonlySet<string>): void {
    const not = new Set(asked.filter((userId) => !may.has(userId)))
    for (const reader of this.readers) if (not.has(reader.userId)) reader.end()
  }

  #take(meeting: Meeting): void {
    if (statusOf(meeting) > statusOf(this.#meeting)) this.#meeting = meeting
  }

  #chatHead() {
    return request(this.deps.bus, chatBus.head, { meetingId: this.meetingId })
  }
}
