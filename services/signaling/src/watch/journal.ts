import type { ClientType } from '@parley/contracts'
import type { Logger, Metrics } from '@parley/kit'
import { isNoted, type Timeline } from './timeline.ts'
import type { Connection, ParticipantSession } from '../session/session.ts'

/** How one message of a client was answered. */
interface Answered {
  type: ClientType
  /** The message's own, by its client. */
  messageId: string | undefined
  /** Of the socket before the message was carried out. */
  before: ParticipantSession
  /** `ok`, or the code of the problem. */
  outcome: string
  /** The participant that it was about, if it names one. */
  target?: string | undefined
  ms: number
}

/** The log lines about sockets: a line for each step of a person's way in and out, and the metrics of them. */
export interface Journal {
  opened(connection: Connection): void
  answered(connection: Connection, answered: Answered): void
  /** `session`: what the socket was until now. */
  closed(connection: Connection, session: ParticipantSession, code: number): void
  /** The recording of a meeting stands so now. */
  recorded(meetingId: string, status: string): void
  /** A signal of another node was handed over here, so many ms after that node took it. */
  relayed(ms: number): void
}

const told = new Set<ClientType>(['auth.authenticate', 'room.join', 'room.resume', 'room.leave'])
const messageBuckets = [0.002, 0.01, 0.05, 0.25, 1, 5]
/** Close codes of the protocol and of WebSocket itself; a client may send any other. */
const isKnown = (code: number): boolean => (code >= 1000 && code <= 1015) || (code >= 4400 && code < 4500)

interface JournalDeps {
  log: Logger
  metrics: Metrics
  timeline: Pick<Timeline, 'note'>
}

/** `requestId` in every line is that of the handshake: one id leads from the way in to the close. */
export function createJournal({ log, metrics, timeline }: JournalDeps): Journal {
  const joins = metrics.counter('parley_signaling_joins_total', 'Answers to room.join by outcome', ['outcome'])
  const resumes = metrics.counter('parley_signaling_resumes_total', 'Answers to room.resume by outcome', ['outcome'])
  const closes = metrics.counter('parley_signaling_closes_total', 'Sockets that ended, by close code', ['code'])
  const answers = metrics.histogram(
    'parley_signaling_message_seconds',
    'Time until a message of a client was answered',
    ['type'],
    messageBuckets,
  )
  const relays = metrics.histogram(
    'parley_signaling_relay_seconds',
    'Time of a signal from one node to another, as far as their clocks agree',
  )
  const counters: Partial<Record<ClientType, typeof joins>> = { 'room.join': joins, 'room.resume': resumes }
  return {
    opened: (connection) => log.info({ requestId: connection.id, ...whoIs(connection.session) }, 'socket opened'),
    answered(connection, { type, messageId, before, outcome, target, ms }) {
      answers.observe({ type }, ms / 1000)
      counters[type]?.inc({ outcome })
      if (!told.has(type) && !isNoted(type)) return
      const who = { ...whoIs(before), ...whoIs(connection.session) }
      const { meetingId, ...user } = who
      if (isNoted(type) && meetingId !== undefined)
        timeline.note({
          kind: type,
          outcome,
          meetingId,
          ...user,
          requestId: connection.id,
          ...(target && { targetId: target }),
        })
      const durationMs = Math.round(ms)
      log.info({ requestId: connection.id, messageId, type, outcome, ...who, durationMs }, 'socket message')
    },
    recorded: (meetingId, status) => timeline.note({ kind: 'recording', outcome: status, meetingId }),
    relayed: (ms) => relays.observe({}, Math.max(0, ms) / 1000),
    closed(connection, session, code) {
      closes.inc({ code: isKnown(code) ? code : 'other' })
      const who = whoIs(session)
      const { meetingId, ...user } = who
      // Clients that leave say so before; this is a socket that was lost, or closed by us.
      if (session.state === 'joined' && meetingId !== undefined)
        timeline.note({ kind: 'socket.lost', outcome: String(code), meetingId, ...user, requestId: connection.id })
      log.info({ requestId: connection.id, code, state: session.state, ...who }, 'socket closed')
    },
  }
}

/** The person on the socket, and the meeting. */
function whoIs(session: ParticipantSession): { userId?: string; meetingId?: string; participantId?: string } {
  switch (session.state) {
    case 'connected':
    case 'closed':
      return {}
    case 'authenticated':
      return { userId: session.principal.userId }
    case 'waiting':
      return of(session.principal.userId, session.room.meetingId, session.participantId)
    case 'joined':
      return of(session.principal.userId, session.room.meetingId, session.local.participantId)
    default:
      return session satisfies never
  }
}

const of = (userId: string, meetingId: string, participantId: string) => ({ userId, meetingId, participantId })
