import Type, { type Static, type TSchema } from 'typebox'
import { Id, Instant, Strict } from '../ids.ts'
import { fromServer } from '../ws/from-server.ts'
import { Participant } from '../ws/room.ts'
import { Invite, ReceivedInvite } from './invites.ts'
import { Meeting } from './meetings.ts'
import { Recording } from './recordings.ts'
import { EventStream, type Operations } from './operation.ts'

/** The room as somebody sees it who watches: first on a stream, and where a replay does not reach back. */
export const RoomView = Type.Object(
  {
    meeting: Meeting,
    participants: Type.Array(Participant),
    v: Type.Integer(),
    chatSeq: Type.Integer({ description: 'Number of the newest chat message, 0 if there is none' }),
    chatRev: Type.Integer({ description: 'Number of the newest edit or deletion in the chat, 0 if there is none' }),
    recording: Type.Optional(Recording),
  },
  { title: 'RoomView' },
)
export type RoomView = Static<typeof RoomView>

/** The events of a meeting; those that the WebSocket has too are named as there and carry the same. */
export const meetingEvents = {
  'room.snapshot': RoomView,
  'room.delta': fromServer['room.delta'],
  'participant.joined': fromServer['participant.joined'],
  'participant.updated': fromServer['participant.updated'],
  'participant.left': fromServer['participant.left'],
  'media.changed': fromServer['media.changed'],
  'hand.changed': fromServer['hand.changed'],
  'chat.message': fromServer['chat.message'],
  'chat.updated': fromServer['chat.updated'],
  'meeting.updated': fromServer['meeting.updated'],
  'recording.changed': fromServer['recording.changed'],
  'room.ended': fromServer['room.ended'],
} as const satisfies Record<string, TSchema>
export type MeetingEventName = keyof typeof meetingEvents
/** One event of a meeting's stream. */
export type MeetingEvent = {
  [N in MeetingEventName]: { type: N; data: Static<(typeof meetingEvents)[N]> }
}[MeetingEventName]

const aboutMeeting = Type.Object({ meeting: Meeting })
const aboutInvite = Type.Object({ invite: Invite })

/** The events of an account. */
export const userEvents = {
  /** First on a stream that does not go on where another ended: nothing of before is told, so read the lists now. */
  'stream.opened': Type.Object({}),
  /** Somebody has invited me. */
  'invite.received': Type.Object({ invite: ReceivedInvite }),
  /** An invite to me or by me was accepted or declined. */
  'invite.answered': aboutInvite,
  /** An invite to me was taken back. */
  'invite.revoked': aboutInvite,
  /** A meeting that I host or have accepted begins in a few minutes. */
  'meeting.starting': Type.Object({ meeting: Meeting, startsAt: Instant }),
  /** The first participant is in it. */
  'meeting.started': aboutMeeting,
  'meeting.updated': aboutMeeting,
  'meeting.cancelled': aboutMeeting,
  'meeting.ended': aboutMeeting,
  /** An endpoint of mine gets nothing any more: it failed for days, or said that it is gone. */
  'webhook.disabled': Type.Object({ webhookId: Id, url: Type.String(), reason: Type.String(), disabledAt: Instant }),
} as const satisfies Record<string, TSchema>
export type UserEventName = keyof typeof userEvents
/** One event of an account's stream. */
export type UserEvent = {
  [N in UserEventName]: { type: N; data: Static<(typeof userEvents)[N]> }
}[UserEventName]

const replay = Strict({
  'last-event-id': Type.Optional(
    Type.String({
      maxLength: 200,
      description: 'The id of the last event that came; what came after it is sent first',
    }),
  ),
})

export const eventsOperations = {
  meetingEvents: {
    method: 'GET',
    path: '/v1/meetings/:id/events',
    auth: 'any',
    rows: ['R12'],
    summary:
      'Chat, participants and status of a meeting as they happen; 204 when it is over and nothing is left to send',
    params: Strict({ id: Id }),
    headers: replay,
    answers: { 200: EventStream, 204: null },
    stream: { events: meetingEvents, hint: 'id' },
    problems: ['not-found', 'unavailable', 'rate-limited'],
    limit: { by: 'principal', points: 600, seconds: 60 },
  },
  userEvents: {
    method: 'GET',
    path: '/v1/events',
    auth: 'user',
    rows: ['R12'],
    summary: 'My invites and the meetings of mine as they begin, change and end',
    headers: replay,
    answers: { 200: EventStream },
    stream: { events: userEvents },
    problems: ['unavailable', 'rate-limited'],
    limit: { by: 'principal', points: 600, seconds: 60 },
  },
} as const satisfies Operations
