import {
  meetingsBus,
  signalingBus,
  type AdmissionGrant,
  type LobbyDecision,
  type Meeting,
  type Role,
  type RoomCommand,
} from '@parley/contracts'
import { respond, request, createLogger, ProblemError, publish, type Bus } from '@parley/kit'
import { eventually } from '@parley/kit/testing'

const log = createLogger({ service: 'test', level: 'silent' })

/** Grants by the attempt that got them, and room tokens whose next answer is lost on its way. */
const spent = new Map<string, AdmissionGrant>()
const lost = new Set<string>()

/** Lobbies as meetings would have them written down: who waits, in order, and what was decided. */
const queues = new Map<string, AdmissionGrant[]>()
const decisions = new Map<string, LobbyDecision>()
const changes = new Map<string, { meeting?: Meeting; ended?: 'host' }>()
let lv = 0

/** The decisions that meetings has written down and told the room, with numbers. */
interface Written {
  seq: number
  meeting: Meeting | null
  /** By user id; null: removed. */
  roles: Map<string, Role | null>
}
const written = new Map<string, Written>()
const writtenOf = (meetingId: string): Written => {
  const known = written.get(meetingId) ?? { seq: 0, meeting: null, roles: new Map() }
  written.set(meetingId, known)
  return known
}

/** A grant as it is decided now. */
function decidedNow(grant: AdmissionGrant): AdmissionGrant {
  const { seq, meeting, roles } = writtenOf(grant.meeting.id)
  const role = roles.get(grant.userId)
  if (role === null) throw new ProblemError('forbidden', 'You were removed')
  return { ...grant, role: role ?? grant.role, meeting: meeting ?? grant.meeting, asOf: seq }
}

const asDecidedNow = (decision: LobbyDecision): LobbyDecision =>
  decision.admitted ? { ...decision, grant: decidedNow(decision.grant) } : decision

/** Writes a command down, and gives it its number. */
function number(meetingId: string, command: RoomCommand): RoomCommand {
  const known = writtenOf(meetingId)
  known.seq += 1
  if (command.kind === 'role') known.roles.set(command.userId, command.role)
  if (command.kind === 'remove') known.roles.set(command.userId, null)
  if (command.kind === 'meeting-updated') known.meeting = command.meeting
  return { ...command, seq: known.seq }
}

const queueOf = (meetingId: string): AdmissionGrant[] => {
  const queue = queues.get(meetingId) ?? []
  queues.set(meetingId, queue)
  lv += 1
  return queue
}

/** The answers of the meetings service that signaling depends on, without its database and its rules. */
export function standInForMeetings(bus: Bus, grants: Map<string, AdmissionGrant>) {
  /** Until it is answered, as the relay of meetings does. */
  const command = (meetingId: string, numbered: RoomCommand) =>
    eventually(() => request(bus, signalingBus.command, { meetingId, command: numbered }), 10_000)
  const hint = (meetingId: string) => publish(bus, signalingBus.roomLobby, { meetingId }, { kind: 'lobby', lv })
  respond(
    bus,
    meetingsBus.redeem,
    'meetings',
    async ({ roomToken, userId, attempt = roomToken }) => {
      const again = spent.get(attempt)
      if (again) return decidedNow(again)
      const grant = grants.get(roomToken)
      if (!grant || grant.userId !== userId) throw new ProblemError('room-token-invalid')
      grants.delete(roomToken)
      spent.set(attempt, grant)
      if (grant.admission === 'wait') queueOf(grant.meeting.id).push(grant)
      if (lost.delete(roomToken)) throw new ProblemError('unavailable')
      return decidedNow(grant)
    },
    log,
  )
  respond(
    bus,
    meetingsBus.lobby,
    'meetings',
    async ({ meetingId, present }) => ({
      lv,
      lobby: (queues.get(meetingId) ?? []).map(({ participantId, userId, name, guest }, index) => ({
        participantId,
        userId,
        name,
        guest,
        position: index + 1,
        askedAt: new Date(0).toISOString(),
      })),
      decided: present.flatMap((id) => decisions.get(id) ?? []).map(asDecidedNow),
      ...changes.get(meetingId),
    }),
    log,
  )
  respond(
    bus,
    meetingsBus.decideLobby,
    'meetings',
    async ({ meetingId, participantId, admit }) => {
      const queue = queueOf(meetingId)
      const chosen = queue.filter((grant) => participantId === null || grant.participantId === participantId)
      queues.set(
        meetingId,
        queue.filter((grant) => !chosen.includes(grant)),
      )
      for (const grant of chosen) {
        const id = grant.participantId
        decisions.set(
          id,
          admit
            ? { participantId: id, admitted: true, grant: { ...grant, admission: 'enter' } }
            : { participantId: id, admitted: false, reason: 'rejected' },
        )
      }
      hint(meetingId)
      return { count: chosen.length }
    },
    log,
  )
  respond(
    bus,
    meetingsBus.leaveLobby,
    'meetings',
    async ({ meetingId, participantId }) => {
      queues.set(
        meetingId,
        queueOf(meetingId).filter((grant) => grant.participantId !== participantId),
      )
      hint(meetingId)
      return {}
    },
    log,
  )
  respond(
    bus,
    meetingsBus.remove,
    'meetings',
    async ({ meetingId, userId, by, ban }) =>
      command(meetingId, number(meetingId, { kind: 'remove', userId, by, reason: ban ? 'banned' : 'removed' })),
    log,
  )
  respond(
    bus,
    meetingsBus.setRole,
    'meetings',
    async ({ meetingId, userId, role }) => command(meetingId, number(meetingId, { kind: 'role', userId, role })),
    log,
  )
  respond(
    bus,
    meetingsBus.end,
    'meetings',
    async ({ meetingId }) => command(meetingId, number(meetingId, { kind: 'end', reason: 'host' })),
    log,
  )
  return {
    /** Writes a command down, which gives it a number, without telling the room. */
    number,
    /** Tells the room a command, or tells it again. */
    command,
    /** Writes a command down and tells the room. */
    tellRoom: (meetingId: string, told: RoomCommand) => command(meetingId, number(meetingId, told)),
    /** Tells a room that was restored what is written down, under new numbers. */
    async tellAgain(meetingId: string): Promise<void> {
      for (const [userId, role] of writtenOf(meetingId).roles) {
        const told: RoomCommand = role ? { kind: 'role', userId, role } : { kind: 'remove', userId, reason: 'removed' }
        await command(meetingId, number(meetingId, told))
      }
    },
    /** The next answer to this room token does not arrive; it is spent all the same. */
    loseAnswer: (roomToken: string): void => void lost.add(roomToken),
    /** The state of a meeting besides its queue: its newest version, or why it is over. */
    changeLobby(meetingId: string, change: { meeting?: Meeting; ended?: 'host' }): void {
      changes.set(meetingId, change)
      hint(meetingId)
    },
    /** Written down without a word to anybody, as when the hint is lost. */
    decide: (decision: LobbyDecision): void => void decisions.set(decision.participantId, decision),
  }
}
