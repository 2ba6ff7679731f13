import { may, wire, type RoomChange, type Seat } from '@parley/contracts'
import type { Command, Refusal } from '../../room/decide.ts'
import type { RoomState } from '../../room/state.ts'
import { give, type Ledger } from './ledger.ts'

/** A command and what became of it. */
export interface Step<C extends Command = Command> {
  command: C
  before: RoomState
  after: RoomState
  verdict: RoomChange[] | Refusal
  ledger: Ledger
}
type Of<K extends Command['kind']> = Extract<Command, { kind: K }>
type Promised = { [K in Command['kind']]: (step: Step<Of<K>>, done: boolean) => string | null }

const fine = null
const seatOf = (room: RoomState, id: string) => room.seats.get(id)
const mayModerate = (room: RoomState, id: string): boolean => {
  const role = seatOf(room, id)?.participant.role
  return role !== undefined && may(role, 'moderate')
}
/** People count, not seats; the host always has a place; nobody has more than three that are not held for a lost socket. */
function hasPlace({ seats }: RoomState, { participant: { userId, role } }: Seat, maxParticipants: number): boolean {
  const own = [...seats.values()].filter(({ participant }) => participant.userId === userId)
  const others = new Set([...seats.values()].map(({ participant }) => participant.userId).filter((id) => id !== userId))
  const kept = own.some(({ lostAt }) => lostAt !== null) ? own.length - 1 : own.length
  return kept < 3 && (own.length > 0 || role === 'host' || others.size < maxParticipants)
}
const all = (room: RoomState) => [...room.seats.values(), ...room.parked.values()]

/** The promises after a command, `done` or refused, said without the rules that decided it; a sentence if it does not. */
const promised: Promised = {
  join({ command: { seat, meeting }, before, after }, done) {
    const { id } = seat.participant
    const taken = before.seats.get(id)
    // The same attempt, made again on another node, until the session was resumed.
    const again = taken?.sessionId === seat.sessionId && taken.resumeHashBefore === undefined
    const place = taken ? again : hasPlace(before, seat, meeting.maxParticipants)
    const free = place && before.ended === null
    if (done !== free) return `a join is ${done ? 'accepted' : 'refused'} where there is ${free ? 'a' : 'no'} place`
    return done && seatOf(after, id)?.participant.connection !== 'connected' ? 'who joined is not there' : fine
  },
  resume({ command, before, after, ledger }, done) {
    const { participantId: id, resumeHash, node, newResumeHash } = command
    const seat = before.seats.get(id) ?? before.parked.get(id)
    const token = ledger.tokens.get(id)
    const known = token !== undefined && [token.current, token.before].includes(resumeHash)
    const intime = seat !== undefined && (seat.lostAt === null || ledger.now - seat.lostAt <= wire.resumeWindowMs)
    const place =
      before.seats.has(id) || (seat !== undefined && hasPlace(before, seat, before.meeting?.maxParticipants ?? 0))
    if (done !== (known && intime && place))
      return `resume: done ${done}, token ${known}, in time ${intime}, place ${place}`
    if (!done) return fine
    const now = seatOf(after, id)
    const there = now?.node === node && now.resumeHash === newResumeHash && now.lostAt === null
    return there && now.participant.connection === 'connected' ? fine : 'who resumed is not there'
  },
  confirm: () => fine,
  leave: ({ command: { by }, after }) => (seatOf(after, by) ? 'who left is still there' : fine),
  'socket-lost'({ command: { by, node, sessionId }, before, after }) {
    const seat = seatOf(before, by)
    const lost = seat?.node === node && seat.sessionId === sessionId
    return lost && seatOf(after, by)?.lostAt === null ? 'whose socket is lost is still connected' : fine
  },
  reclaim({ command: { by, node }, before, after, ledger }) {
    const seat = seatOf(before, by)
    const lostAt = seatOf(after, by)?.lostAt ?? null
    if (seat?.node === node && lostAt !== null) return 'who was reclaimed is still lost'
    return seat !== undefined && seat.node !== node && lostAt !== seat.lostAt
      ? `reclaimed by another at ${ledger.now}`
      : fine
  },
  'grace-over'({ command: { by, sessionId }, before, after, ledger }) {
    const seat = seatOf(before, by)
    const over = seat?.sessionId === sessionId && seat.lostAt !== null && ledger.now - seat.lostAt >= wire.graceMs
    if (over) return !after.seats.has(by) && after.parked.has(by) ? fine : 'a ghost stays'
    return seat && !after.seats.has(by) ? 'somebody is gone before the grace is over' : fine
  },
  media({ command: { by, changed }, before, after }, done) {
    const participant = seatOf(after, by)?.participant
    if (!participant) return done ? 'who is not there has media' : fine
    const settings = before.meeting?.settings
    const allowed = !(changed.mic && !settings?.audio) && !(changed.screen && !settings?.screenShare)
    if (done !== (allowed || mayModerate(before, by))) return 'the settings do not hold'
    if (!done) return fine
    return Object.entries(changed).every(([kind, on]) => participant[kind as 'mic'] === on) ? fine : 'media is not so'
  },
  hand({ command: { by, raised }, after }, done) {
    return done && (seatOf(after, by)?.participant.hand !== null) !== raised ? 'the hand is not so' : fine
  },
  mute({ command: { by, target, media }, before, after }, done) {
    if (done && !mayModerate(before, by)) return 'who may not mute did'
    if (done && by !== target && seatOf(before, target)?.participant.role === 'host') return 'the host was muted'
    return done && seatOf(after, target)?.participant[media] !== false ? 'who was muted is not' : fine
  },
  'mute-all'({ command: { by, media }, before, after }, done) {
    if (done !== mayModerate(before, by)) return 'muting all is not for moderators'
    if (!done) return fine
    const loud = [...after.seats.values()].find(
      ({ participant: { id, role, [media]: on } }) => on && id !== by && !may(role, 'moderate'),
    )
    return loud ? `${loud.participant.id} was not muted` : fine
  },
  'lower-hand'({ command: { by, target }, before, after }, done) {
    if (done && !mayModerate(before, by)) return 'who may not lower hands did'
    return done && seatOf(after, target)?.participant.hand !== null ? 'the hand is still up' : fine
  },
  spotlight({ command: { by, target, on }, before, after }, done) {
    if (done && !mayModerate(before, by)) return 'who may not choose the spotlight did'
    const lit = [...after.seats.values()].filter(({ participant }) => participant.spotlight === true)
    if (lit.length > 1) return `${lit.length} are in the spotlight`
    const isLit = lit[0]?.participant.id === target
    return done && isLit !== on ? 'the spotlight is not so' : fine
  },
  remove: ({ command: { userId }, after }) =>
    all(after).some(({ participant }) => participant.userId === userId) ? 'who was removed is still there' : fine,
  goodbye({ command: { participantId: id }, before, after }) {
    const stays = before.seats.get(id)?.lostAt === null
    return stays && !after.seats.has(id) ? 'who is connected was sent away by a goodbye' : fine
  },
  role({ command: { userId, role }, after }, done) {
    const other = all(after).find(({ participant }) => participant.userId === userId && participant.role !== role)
    return done && other ? `${other.participant.id} is still ${other.participant.role}` : fine
  },
  name({ command: { userId, before: former, name }, before, after }, done) {
    const mine = all(before).filter(({ participant }) => participant.userId === userId && participant.name === former)
    const still = mine.find(({ participant: { id } }) =>
      all(after).some((seat) => seat.participant.id === id && seat.participant.name === former),
    )
    return done && former !== name && still ? `${still.participant.id} is still called so` : fine
  },
  'meeting-updated'({ command: { meeting }, before, after }) {
    const newer = before.meeting !== null && before.ended === null && meeting.version > before.meeting.version
    return (after.meeting === meeting) === newer || before.meeting === meeting
      ? fine
      : 'an older meeting came after a newer'
  },
  recording({ command: { recording, rev }, before, after }) {
    const [was, now] = [before.recording, after.recording]
    if (before.meeting === null || before.ended !== null)
      return was === now ? fine : 'a room that is over took a recording'
    const older =
      was !== null && (recording.id < was.recording.id || (recording.id === was.recording.id && rev <= was.rev))
    return older === (now === was) && (older || now?.recording === recording)
      ? fine
      : 'an older recording came after a newer'
  },
  end: ({ before, after }) => (before.meeting !== null && after.ended === null ? 'it goes on' : fine),
}

/** Throws when a command did not do what its row promises; a refusal has to leave all as it was. */
export function checkPromise(step: Step): void {
  const done = Array.isArray(step.verdict)
  if (!done && step.after.v !== step.before.v) throw new Error(`${step.command.kind} was refused and changed something`)
  const check = promised[step.command.kind] as (step: Step, done: boolean) => string | null
  const fault = check(step, done)
  if (fault !== null) throw new Error(`${step.command.kind}: ${fault}`)
}

/** The part that everybody outside remembers: tokens given, roles, the meeting. */
export function note({ command, verdict, ledger }: Step): void {
  if (!Array.isArray(verdict)) return
  switch (command.kind) {
    case 'join': {
      const { id, userId } = command.seat.participant
      const user = ledger.users.find((one) => one.userId === userId && one.participantId === command.seat.sessionId)
      const next = user ?? ledger.users.find((one) => one.userId === userId)
      if (next) next.participantId = id
      return give(ledger, id, command.seat.resumeHash, null)
    }
    case 'resume':
      return give(ledger, command.participantId, command.newResumeHash, command.resumeHash)
    case 'role':
      for (const user of ledger.users) if (user.userId === command.userId) user.role = command.role
      return
    case 'meeting-updated':
      if (command.meeting.version > ledger.meeting.version) ledger.meeting = command.meeting
      return
  }
}
