import Type, { type Static } from 'typebox'
import { Id, Instant, MeetingCode, Nothing, Strict } from '../ids.ts'
import { LobbyEntry } from '../ws/room.ts'
import { MeetingStatus, MeetingType } from './meetings.ts'
import type { Operations } from './operation.ts'

const nullable = <S extends Type.TSchema>(schema: S) => Type.Union([schema, Type.Null()])
const byId = Strict({ id: Id })
const Count = Type.Object({
  count: Type.Integer({ description: 'The people admitted or rejected by this; 0: it was so before' }),
})

/** The door of a meeting as somebody in front of it sees it. */
export const EntryAccess = Type.Object(
  {
    canEnter: Type.Boolean({ description: 'With a join request that says no more than the code' }),
    reason: nullable(
      Type.Union([
        Type.Literal('not-found'),
        Type.Literal('removed-from-meeting'),
        Type.Literal('meeting-over'),
        Type.Literal('guests-not-allowed'),
        Type.Literal('passcode-required'),
        Type.Literal('waiting-room'),
        Type.Literal('not-admitted'),
        Type.Literal('meeting-full'),
        Type.Literal('too-many-passcodes'),
      ]),
    ),
    next: Type.Union([
      Type.Literal('join'),
      Type.Literal('join-with-passcode'),
      Type.Literal('wait-in-lobby'),
      Type.Literal('sign-in'),
      Type.Literal('try-later'),
      Type.Literal('none'),
    ]),
    retryAfterMs: Type.Optional(
      Type.Integer({
        description: 'How long until one may ask again: when not-admitted, meeting-full or too-many-passcodes',
      }),
    ),
    endReason: Type.Optional(
      Type.Union([Type.Literal('host'), Type.Literal('cancelled'), Type.Literal('empty'), Type.Literal('expired')], {
        description: 'When meeting-over: who or what ended it; empty: everybody had left, expired: its time was over',
      }),
    ),
    meeting: Type.Optional(
      Type.Object({
        title: Type.String(),
        type: MeetingType,
        status: MeetingStatus,
        hostName: Type.String(),
        scheduledAt: nullable(Instant),
        durationMinutes: nullable(Type.Integer()),
        timeZone: Type.String(),
      }),
    ),
  },
  { title: 'EntryAccess' },
)
export type EntryAccess = Static<typeof EntryAccess>

const deciding = {
  method: 'POST',
  repeat: 'key',
  auth: 'any',
  rows: ['M15'],
  params: byId,
  answers: { 200: Count },
  problems: ['not-found', 'forbidden', 'meeting-over'],
} as const
const whoWaits = Strict({ participantId: Id })

export const lobbyOperations = {
  codeAccess: {
    method: 'GET',
    path: '/v1/meetings/code/:code/access',
    auth: 'any',
    rows: ['M14'],
    summary: 'Whether I may enter by a code, why not, and what to do next',
    params: Strict({ code: MeetingCode }),
    answers: { 200: EntryAccess },
    problems: [],
  },
  codeDoor: {
    method: 'GET',
    path: '/v1/meetings/code/:code/door',
    auth: 'none',
    rows: ['M14'],
    summary: 'The same for somebody who has not signed in yet: what it would be for a new guest',
    params: Strict({ code: MeetingCode }),
    answers: { 200: EntryAccess },
    problems: [],
  },
  lobby: {
    method: 'GET',
    path: '/v1/meetings/:id/lobby',
    auth: 'any',
    rows: ['M15'],
    summary: 'The people in the lobby, in order (host, cohost)',
    params: byId,
    answers: {
      200: Type.Object({ items: Type.Array(LobbyEntry), lv: Type.Integer({ description: 'Version of the lobby' }) }),
    },
    problems: ['not-found', 'forbidden'],
  },
  admit: {
    ...deciding,
    path: '/v1/meetings/:id/lobby/admit',
    summary: 'Let somebody in who waits (host, cohost)',
    body: whoWaits,
  },
  reject: {
    ...deciding,
    path: '/v1/meetings/:id/lobby/reject',
    summary: 'Send somebody away who waits (host, cohost)',
    body: whoWaits,
  },
  admitAll: {
    ...deciding,
    path: '/v1/meetings/:id/lobby/admit-all',
    summary: 'Let everybody in who waits (host, cohost)',
    body: Nothing,
  },
} as const satisfies Operations
