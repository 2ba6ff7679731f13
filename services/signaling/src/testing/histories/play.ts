import { isDeepStrictEqual } from 'node:util'
import type { RoomChange, Meeting, Participant, Recording, RoomSnapshot, ServerMessage } from '@parley/contracts'
import { apply, fieldsOf, render } from '../../room/apply.ts'
import { decide, type Command } from '../../room/decide.ts'
import {
  deltaBetween,
  draft,
  emptyRoom,
  readDelta,
  readFields,
  snapshotFor,
  type RoomDraft,
  type RoomState,
} from '../../room/state.ts'
import { newLedger } from './ledger.ts'
import { checkPromise, note, type Step } from './promises.ts'

/** A client's model of the room: whatever turns a snapshot and events into what a person sees. */
export interface Reducer<View> {
  from(snapshot: RoomSnapshot): View
  apply(view: View, message: ServerMessage): View
  look(view: View): ObservedState
}
interface ObservedState {
  v: number
  meeting: Meeting
  participants: ReadonlyMap<string, Participant>
  recording: Recording | null
}

interface Client<View> {
  view: View
  /** The room when its socket was lost; null while it hears everything. */
  lostAt: RoomState | null
}

export type Count = (what: string) => void

/** A room, its document in the store, and a client for each participant. Each client hears only its own messages. */
export class History<View> {
  readonly ledger = newLedger()
  readonly room: RoomDraft = draft(emptyRoom(this.ledger.meeting.id, 'epoch'))
  readonly #stored = draft(emptyRoom(this.ledger.meeting.id, 'epoch'))
  /** By version: the fields that its change touched. */
  readonly #fields: Record<string, string | null>[] = []
  readonly #clients = new Map<string, Client<View>>()
  readonly #reducer: Reducer<View>
  readonly #count: Count

  constructor(reducer: Reducer<View>, count: Count) {
    this.#reducer = reducer
    this.#count = count
  }

  /** Decides and carries out one command, and checks all that has to hold then. Throws an Error that says what does not. */
  submit(command: Command): void {
    const { room, ledger } = this
    const before = draft(room)
    const verdict = decide(room, command, ledger.now)
    must(room.v === before.v && room.seats.size === before.seats.size, 'deciding changes nothing')
    const step: Step = { command, before, after: room, verdict, ledger }
    if (!Array.isArray(verdict)) this.#count(`${command.kind} refused: ${verdict.refused}`)
    else {
      for (const change of verdict) this.#carryOut(change)
      must(room.v === before.v + verdict.length, 'every change is one version')
      this.#count(`${command.kind} ${verdict.length > 0 ? 'done' : 'was so'}`)
    }
    checkPromise(step)
    note(step)
    this.#checkRoom()
    if (Array.isArray(verdict) && verdict.length > 0) this.#seat(command)
  }

  /** Everybody who is connected sees what is so; who is away would, on coming back. */
  checkAll(): void {
    for (const id of this.#clients.keys()) this.#checkView(id)
    must(isDeepStrictEqual(plain(this.#stored), plain(this.room)), 'the document in the store is the room')
  }

  #carryOut(change: RoomChange): void {
    const { room } = this
    const before = draft(room)
    apply(room, change)
    const fields = fieldsOf(change, room, before)
    this.#fields[room.v] = fields
    readFields(this.#stored, fields)
    this.#stored.v += 1
    const message = render(change, room)
    this.#count(`event ${message.type}`)
    checkBroadcast(message, before, room)
    for (const [id, client] of this.#clients) {
      if (client.lostAt === null && before.seats.has(id)) client.view = this.#reducer.apply(client.view, message)
      if (!room.seats.has(id) && !room.parked.has(id)) this.#clients.delete(id)
      else if (client.lostAt === null && isAway(room, id)) client.lostAt = draft(room)
    }
  }

  /** A client that joined begins with a snapshot; one that resumed, or was reclaimed, is told what it missed. */
  #seat(command: Command): void {
    if (command.kind === 'join')
      this.#clients.set(command.seat.participant.id, this.#fresh(command.seat.participant.id))
    if (command.kind === 'resume') this.#comeBack(command.participantId)
    if (command.kind === 'reclaim') this.#comeBack(command.by)
    const ids = [...this.#clients.keys()]
    const one = ids[this.room.v % Math.max(1, ids.length)]
    if (one !== undefined) this.#checkView(one)
  }

  #fresh(id: string): Client<View> {
    const self = this.room.seats.get(id)?.participant
    must(self !== undefined, 'who entered has a seat')
    const snapshot = snapshotFor(this.room, self, { chatSeq: 0, chatRev: 0 })
    return { view: this.#reducer.from(snapshot), lostAt: null }
  }

  #comeBack(id: string): void {
    const client = this.#clients.get(id)
    if (!client) throw new Error(`${id} came back and never was here`)
    if (client.lostAt === null) return
    const ways = ['delta of the store', 'delta between states', 'snapshot'] as const
    const way = ways[this.room.v % ways.length] ?? ways[0]
    this.#count(`caught up by ${way}`)
    client.view = this.#reducer.apply(client.view, this.#news(id, way, client.lostAt))
    client.lostAt = null
    this.#checkView(id)
  }

  #news(id: string, way: string, since: RoomState): ServerMessage {
    const { room } = this
    const self = room.seats.get(id)?.participant
    if (way === 'snapshot' && self)
      return { type: 'room.snapshot', payload: snapshotFor(room, self, { chatSeq: 0, chatRev: 0 }) }
    if (way === 'delta between states') return { type: 'room.delta', payload: deltaBetween(since, room) }
    const fields = Object.assign({}, ...this.#fields.slice(since.v + 1)) as Record<string, string | null>
    const payload = readDelta({ version: room.v, fields })
    if (!payload) throw new Error('a room that goes on has a delta')
    return { type: 'room.delta', payload }
  }

  #checkView(id: string): void {
    const client = this.#clients.get(id)
    if (!client || client.lostAt !== null || this.room.ended) return
    const self = this.room.seats.get(id)?.participant
    must(self !== undefined, `${id} hears the room and has no seat`)
    const { meeting, peers, v, recording = null } = snapshotFor(this.room, self, { chatSeq: 0, chatRev: 0 })
    const seen = this.#reducer.look(client.view)
    const fresh = new Map([self, ...peers].map((one) => [one.id, one]))
    must(seen.v === v, `${id} is at version ${seen.v}, the room at ${v}`)
    must(isDeepStrictEqual(seen.meeting, meeting), `${id} sees the meeting as it is`)
    must(isDeepStrictEqual(goingOn(seen.recording), recording), `${id} sees the recording as it is`)
    must(sameMap(seen.participants, fresh), `${id} sees ${JSON.stringify([...seen.participants.values()])}`)
  }

  #checkRoom(): void {
    const { seats, parked, ended, meeting } = this.room
    for (const id of parked.keys()) must(!seats.has(id), `${id} is seated or parked, not both`)
    must(ended === null || seats.size + parked.size === 0, 'nobody is in an ended room')
    must(seats.size === 0 || meeting !== null, 'a room with people has a meeting')
    const hosts = new Set(
      [...seats.values(), ...parked.values()]
        .filter(({ participant }) => participant.role === 'host')
        .map(({ participant }) => participant.userId),
    )
    must(hosts.size <= 1, `there is one host, not ${[...hosts].join()}`)
    for (const { lostAt, participant } of seats.values())
      must((lostAt !== null) === (participant.connection === 'reconnecting'), `${participant.id} is shown as it is`)
  }
}

function must(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Error(`does not hold: ${what}`)
}

/** A snapshot does not tell of one that is over. */
const goingOn = (recording: Recording | null): Recording | null =>
  recording?.status === 'ready' || recording?.status === 'failed' ? null : recording

const isAway = (room: RoomState, id: string): boolean => room.seats.get(id)?.lostAt !== null || !room.seats.has(id)

/** One version further, and about somebody who is in the room, or was a moment ago. */
function checkBroadcast(message: ServerMessage, before: RoomState, after: RoomState): void {
  if (message.type === 'room.ended') return
  const { v, participantId, participant, position, raised } = message.payload as {
    v?: number
    participantId?: string
    participant?: Participant
    position?: number | null
    raised?: boolean
  }
  must(v === after.v, `${message.type} tells version ${v}, the room is at ${after.v}`)
  const about = participantId ?? participant?.id
  if (about === undefined) return
  const known = before.seats.has(about) || after.seats.has(about)
  // Of a session that may still come back, its role and its end are told too; nobody has it in the roster.
  const told = message.type === 'participant.left' || message.type === 'participant.updated'
  must(known || (told && before.parked.has(about)), `${about} is nobody here`)
  if (message.type !== 'hand.changed') return
  const hands = [...after.seats.values()].map((seat) => seat.participant).filter(({ hand }) => hand !== null)
  const order = hands.toSorted((a, b) => (a.hand ?? 0) - (b.hand ?? 0)).map(({ id }) => id)
  must(new Set(hands.map(({ hand }) => hand)).size === hands.length, 'no two hands are at the same place')
  must(position === (raised === true ? order.indexOf(about) + 1 : null), `the hand of ${about} is at ${position}`)
}

const sameMap = (a: ReadonlyMap<string, unknown>, b: ReadonlyMap<string, unknown>): boolean =>
  a.size === b.size && [...a].every(([key, value]) => isDeepStrictEqual(value, b.get(key)))

const plain = ({ seats, parked, ...rest }: RoomState) => ({
  ...rest,
  seats: Object.fromEntries(seats),
  parked: Object.fromEntries(parked),
})
