import type { Seat } from '@parley/contracts'
import type { Doc } from '@parley/kit'
import type { ModelClient } from './client.ts'
import { allFields, headOf } from '../../room/state.ts'
import type { ModelWorld } from './world.ts'

/** A promise that did not hold. */
export interface Fault {
  /** Which promise. */
  check: string
  detail: string
  /** Ms of simulated time. */
  at: number
}

/** After a loss in the store, a restored room may lack what nodes in trouble for so long had. */
const restoredWithinMs = 6_000
const untoldWithinMs = 1_000
/** A commit that is answered has happened so long before at most. */
const answerMs = 200
/** From the request until every node has heard of its commit. */
const unheardWithinMs = 250

/** Says what does not hold: some things at once, the rest when all has been quiet for long enough. */
export class Judge {
  readonly #world: ModelWorld

  constructor(world: ModelWorld) {
    this.#world = world
  }

  /** A client does not go on: only for a reason that is true. */
  stopped({ isLeaving, enteredAt, name, stopped, userId }: ModelClient): void {
    const { meetings } = this.#world
    const user = meetings.users.get(userId)
    const removed = user?.removedSeq !== null
    const { code = '', why } = stopped ?? {}
    const isTrue = {
      left: isLeaving,
      removed,
      ended: meetings.ended,
      // A session that is restored as it was before may have been elsewhere then.
      elsewhere: this.#mayBeLost(enteredAt),
      refused: (code === 'removed-from-meeting' && removed) || (code === 'not-admitted' && meetings.lockedSeq !== null),
      gone: true,
    }
    if (why && !isTrue[why]) this.#fault(`told-${why}`, `${name} was told so (${code}), and it is not true`)
  }

  /** A version was lower than the one before it. */
  wentBack({ name }: ModelClient, v: number): void {
    if (!this.#mayBeLost(0)) this.#fault('version-went-back', `${name} was shown version ${v} after a higher one`)
  }

  /** A session is not there any more, which somebody wants to go on with in time. */
  resumeFailed({ isLeaving, enteredAt, name, userId }: ModelClient): void {
    const { ended, users } = this.#world.meetings
    const isOver = isLeaving || ended || users.get(userId)?.removedSeq !== null
    if (!isOver && !this.#mayBeLost(enteredAt)) this.#fault('session-lost', `${name} cannot go on`)
  }

  heardTwice({ name }: ModelClient, n: number): void {
    if (this.#world.troubles.length === 0) this.#fault('signal-twice', `${name} got signal ${n} twice`)
  }

  /** A seat is taken in a room that has carried out the commands up to `seq`. */
  seated(seat: Seat, seq: number): void {
    const why = this.#world.meetings.faultOf(seat, seq)
    if (why !== null) this.#fault('wrong-seat', `${seat.participant.name} took a seat after the room knew that ${why}`)
  }

  /** The promises that do not hold after everything has been quiet. */
  async judge(): Promise<Fault[]> {
    const found: Fault[] = []
    const { loop, meetings, store } = this.#world
    const doc = await store.truth(meetings.meeting.id)
    const seats = seatsOf(doc)
    if (this.#world.wentBackUnseen) return []
    const tell = (check: string, detail: string) => void found.push({ check, detail, at: loop.now })
    this.#judgeRoster(seats, tell)
    this.#judgeNodes(doc, tell)
    this.#judgeViews(doc, seats, tell)
    this.#judgeDecisions(doc, seats, tell)
    this.#judgeAcknowledged(seats, tell)
    this.#judgeWaiting(tell)
    return found
  }

  /** The store may go back without a word when nobody is left who knows. Then neither clients nor meetings can be told. */
  get #isUntold(): boolean {
    return this.#world.store.losses.some(({ kind, readByStranger }) => kind === 'rolled-back' && readByStranger)
  }

  /** The people written down as present, compared with those who are. */
  async judgeAttendance(): Promise<Fault[]> {
    const { loop, meetings, store } = this.#world
    if (this.#world.wentBackUnseen || this.#isUntold) return []
    const there = [...seatsOf(await store.truth(meetings.meeting.id)).keys()].toSorted().map(short)
    const written = meetings.stays.present.toSorted().map(short)
    if (String(there) === String(written)) return []
    return [
      { check: 'attendance', detail: `written down [${written.join()}], in the room [${there.join()}]`, at: loop.now },
    ]
  }

  #judgeRoster(seats: ReadonlyMap<string, Seat>, tell: Tell): void {
    const { clients } = this.#world
    const present = clients.filter(({ isIn, socket }) => isIn && socket?.isOpen)
    for (const [id, { participant, lostAt }] of seats) {
      const client = present.find(({ session }) => session?.participantId === id)
      if (!client) tell('ghost', `${participant.name} ${short(id)} has a seat and no socket`)
      else if (lostAt !== null) tell('ghost', `${participant.name} is said to be reconnecting, and is not`)
    }
    for (const { name, session } of present)
      if (session && !seats.has(session.participantId)) tell('no-seat', `${name} thinks to be in, and has no seat`)
    for (const { isIn, name, stopped } of clients)
      if (!isIn && stopped === null) tell('outside', `${name} does not get in`)
  }

  #judgeNodes(doc: Doc | null, tell: Tell): void {
    const { meetings, nodes } = this.#world
    for (const { isRunning, name, signaling } of nodes) {
      const room = isRunning ? signaling.rooms.peek(meetings.meeting.id) : undefined
      if (!room) continue
      const head = headOf(room.state)
      // Nobody sees what such a node has.
      const isEmpty = room.state.seats.size === 0 && room.locals.size === 0
      if (isEmpty && seatsOf(doc).size === 0) continue
      if (
        head?.commitId !== doc?.head.commitId ||
        head?.version !== doc?.head.version ||
        head?.epoch !== doc?.head.epoch
      )
        tell('node-behind', `${name} is at ${shown(head)}, the store at ${shown(doc?.head)}`)
      else if (doc && !sameFields(withoutNothing(allFields(room.state)), withoutNothing(doc.fields)))
        tell('node-differs', `${name} differs at ${shown(head)}: ${differences(allFields(room.state), doc.fields)}`)
      if (room.waiting.commands > 0) tell('stuck', `${room.waiting.commands} commands wait on ${name}`)
    }
  }

  #judgeViews(doc: Doc | null, seats: ReadonlyMap<string, Seat>, tell: Tell): void {
    if (!doc || this.#isUntold) return
    for (const { isIn, name, session } of this.#world.clients) {
      if (!isIn || !session) continue
      const { view } = session
      if (view.v !== doc.head.version) tell('view-behind', `${name} is at ${view.v}, the store at ${doc.head.version}`)
      const wrong = [...seats].filter(([id, { participant }]) => !same(view.participants.get(id), participant))
      if (wrong.length > 0 || view.participants.size !== seats.size)
        tell(
          'view-differs',
          `${name} sees others than there are: ${wrong.map(([, { participant }]) => participant.name).join()}`,
        )
      if (JSON.stringify(view.meeting) !== doc.fields['meeting']) tell('view-differs', `${name} sees another meeting`)
    }
  }

  #judgeDecisions(doc: Doc | null, seats: ReadonlyMap<string, Seat>, tell: Tell): void {
    const { meetings } = this.#world
    if (this.#isUntold) return
    if (meetings.outbox.waiting.length > 0) tell('untold', `${meetings.outbox.waiting.length} commands are not told`)
    if (meetings.ended && seats.size > 0) tell('end-lost', 'the meeting has ended, and the room goes on')
    for (const { participant } of seats.values()) {
      const user = meetings.users.get(participant.userId)
      if (user?.removedSeq !== null) tell('removal-lost', `${participant.name} was removed, and has a seat`)
      else if (user.role !== participant.role)
        tell('role-lost', `${participant.name} is ${participant.role}, not ${user.role}`)
    }
    const { version = meetings.meeting.version } = JSON.parse(doc?.fields['meeting'] ?? '{}') as { version?: number }
    if (seats.size > 0 && version !== meetings.meeting.version)
      tell('settings-lost', `the room has version ${version} of the meeting, not ${meetings.meeting.version}`)
  }

  #judgeAcknowledged(seats: ReadonlyMap<string, Seat>, tell: Tell): void {
    for (const { hand, mic, name, session } of this.#world.clients) {
      const participant = session && seats.get(session.participantId)?.participant
      if (!participant || !mic || !hand) continue
      if (!mic.possible.includes(participant.mic) && !this.#mayBeLost(mic.acknowledgedFrom))
        tell('change-lost', `${name}: mic is ${participant.mic}`)
      if (!hand.possible.includes(participant.hand !== null) && !this.#mayBeLost(hand.acknowledgedFrom))
        tell('change-lost', `${name}: hand is ${participant.hand}`)
    }
  }

  #judgeWaiting(tell: Tell): void {
    for (const { name, socket, stopped } of this.#world.clients)
      if (stopped === null && socket?.unansweredMs)
        tell('unanswered', `${name} has been waiting for an answer for ${socket.unansweredMs} ms`)
  }

  /**
   * Whether what was acknowledged at that time may be lost: the store has lost something since. Either the nodes that knew it were not all
   * there, or somebody built on the rest.
   */
  #mayBeLost(at: number): boolean {
    return this.#world.store.losses.some((loss) => {
      // The answer was under way when the store lost what it says.
      if (loss.at < at - answerMs) return false
      if (loss.readByStranger || this.#isLostAgain(loss.at)) return true
      // Nobody waits for the others where the store does not say that it went back: some may not have heard of it yet.
      const isUntold = (since: number) => loss.at - since < untoldWithinMs
      const isDeaf = this.#world.deafness.some(({ from, to }) => from < loss.at && isUntold(to))
      if (loss.kind === 'rolled-back' && (isUntold(at) || isDeaf)) return true
      // The other nodes may not have heard of it, and put back what they know first.
      if (loss.at - at < unheardWithinMs) return true
      const [from, to] = [Math.min(at, loss.at) - 1_000, loss.at + restoredWithinMs]
      return this.#world.troubles.some((trouble) => trouble.from < to && trouble.to > from)
    })
  }

  /** Three times, before all could put back what they know: somebody always comes too late. */
  #isLostAgain(at: number): boolean {
    const { losses } = this.#world.store
    return losses.filter((other) => Math.abs(other.at - at) < restoredWithinMs / 2).length >= 3
  }

  #fault(check: string, detail: string): void {
    this.#world.fault(check, detail)
  }
}

type Tell = (check: string, detail: string) => void

/** The number of no command at all may be written down, or not. */
const withoutNothing = ({ seq, ...fields }: Readonly<Record<string, string>>): Record<string, string> => ({
  ...fields,
  ...(seq !== undefined && seq !== '0' && { seq }),
})

const short = (id: string): string => id.slice(-6)
const shown = (head: { epoch: string; version: number; commitId: string } | null | undefined): string =>
  head ? `${short(head.epoch)}/${head.version}/${short(head.commitId)}` : 'nothing'

const same = (one: object | undefined, other: object): boolean =>
  JSON.stringify(sorted(one)) === JSON.stringify(sorted(other))
const sorted = (value: object = {}): [string, unknown][] =>
  Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1))
const differences = (one: Readonly<Record<string, string>>, other: Readonly<Record<string, string>>): string =>
  [...new Set([...Object.keys(one), ...Object.keys(other)])]
    .filter((field) => one[field] !== other[field])
    .map((field) => `${field} ${one[field]} / ${other[field]}`)
    .join('; ')
const sameFields = (one: object, other: object): boolean => {
  const known = new Map(Object.entries(other))
  const entries = Object.entries(one)
  return entries.length === known.size && entries.every(([field, value]) => known.get(field) === value)
}

function seatsOf(doc: Doc | null): Map<string, Seat> {
  const seats = new Map<string, Seat>()
  for (const [field, value] of Object.entries(doc?.fields ?? {}))
    if (field.startsWith('p:')) seats.set(field.slice(2), JSON.parse(value) as Seat)
  return seats
}
