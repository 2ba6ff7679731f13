import { meetingsBus, signalingBus, type Grant, type LobbyDecision, type Meeting } from '@parley/contracts'
import { answer, ask, createLogger, ProblemError, tell, type Bus } from '@parley/kit'

const log = createLogger({ service: 'test', level: 'silent' })

/** Grants by the attempt that got them, and room tokens whose next answer is lost on its way. */
const spent = new Map<string, Grant>()
const lost = new Set<string>()

/** Lobbies as meetings would have them written down: who waits, in order, and what was decided. */
const queues = new Map<string, Grant[]>()
const decisions = new Map<string, LobbyDecision>()
const changes = new Map<string, { meeting?: Meeting; ended?: 'host' }>()
let lv = 0
const queueOf = (meetingId: string): Grant[] => {
  const queue = queues.get(meetingId) ?? []
  queues.set(meetingId, queue)
  lv += 1
  return queue
}

/** The answers of the meetings service that signaling depends on, without its database and its rules. */
export function standInForMeetings(bus: Bus, grants: Map<string, Grant>) {
  const hint = (meetingId: string) => tell(bus, signalingBus.room, { meetingId }, { kind: 'lobby', lv })
  answer(
    bus,
    meetingsBus.redeem,
    'meetings',
    async ({ roomToken, userId, attempt = roomToken }) => {
      const again = spent.get(attempt)
      if (again) return again
      const grant = grants.get(roomToken)
      if (!grant || grant.userId !== userId) throw new ProblemError('room-token-invalid')
      grants.delete(roomToken)
      spent.set(attempt, grant)
      if (grant.admission === 'wait') queueOf(grant.meeting.id).push(grant)
      if (lost.delete(roomToken)) throw new ProblemError('unavailable')
      return grant
    },
    log,
  )
  answer(
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
        askedAt: new Date().toISOString(),
      })),
      decided: present.flatMap((id) => decisions.get(id) ?? []),
      ...changes.get(meetingId),
    }),
    log,
  )
  answer(
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
  answer(
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
  answer(
    bus,
    meetingsBus.remove,
    'meetings',
    async ({ meetingId, userId }) =>
      ask(bus, signalingBus.command, { meetingId, command: { kind: 'remove', userId, reason: 'removed' } }),
    log,
  )
  answer(
    bus,
    meetingsBus.setRole,
    'meetings',
    async ({ meetingId, userId, role }) =>
      ask(bus, signalingBus.command, { meetingId, command: { kind: 'role', userId, role } }),
    log,
  )
  return {
    /** The next answer to this room token does not arrive; it is spent all the same. */
    loseAnswer: (roomToken: string): void => void lost.add(roomToken),
    /** What meetings has of a meeting besides its queue: its newest version, or why it is over. */
    changeLobby(meetingId: string, change: { meeting?: Meeting; ended?: 'host' }): void {
      changes.set(meetingId, change)
      hint(meetingId)
    },
    /** Written down without a word to anybody, as when the hint is lost. */
    decide: (decision: LobbyDecision): void => void decisions.set(decision.participantId, decision),
  }
}
