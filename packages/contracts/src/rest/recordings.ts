import Type, { type Static } from 'typebox'
import { Id, Instant, Nothing, Strict } from '../ids.ts'
import { Bytes, type Operations } from './operation.ts'

const nullable = <S extends Type.TSchema>(schema: S) => Type.Union([schema, Type.Null()])

export const RecordingLayout = Type.Union([Type.Literal('grid'), Type.Literal('speaker'), Type.Literal('audio')])
export type RecordingLayout = Static<typeof RecordingLayout>

/**
 * `requested`: accepted and written down; `starting`: the SFU was told to record; `recording`: media comes in; `processing`: the tracks
 * are made into one file; `ready`: it can be played; `failed`: see `failure`.
 */
export const RecordingStatus = Type.Union([
  Type.Literal('requested'),
  Type.Literal('starting'),
  Type.Literal('recording'),
  Type.Literal('processing'),
  Type.Literal('ready'),
  Type.Literal('failed'),
])
export type RecordingStatus = Static<typeof RecordingStatus>

/** When somebody was heard or seen in a recording, in milliseconds from its beginning. */
const RecordedParticipant = Type.Object({
  participantId: Id,
  name: Type.String(),
  fromMs: Type.Integer(),
  toMs: Type.Integer(),
})

export const Recording = Type.Object(
  {
    id: Id,
    meetingId: Id,
    status: RecordingStatus,
    layout: RecordingLayout,
    startedBy: Id,
    startedAt: Instant,
    firstMediaAt: nullable(Instant),
    endedAt: nullable(Instant),
    durationMs: nullable(Type.Integer()),
    sizeBytes: nullable(Type.Integer()),
    contentType: nullable(Type.String()),
    failure: Type.Optional(
      Type.Object({ code: Type.String(), detail: Type.String() }, { description: 'Why it failed, or was cut short' }),
    ),
    people: Type.Array(RecordedParticipant),
    sha256: Type.Optional(Type.String({ description: 'Of the file, hexadecimal' })),
  },
  { title: 'Recording' },
)
export type Recording = Static<typeof Recording>

const byId = Strict({ id: Id })

const ContentHeaders = Type.Object({
  range: Type.Optional(Type.String({ maxLength: 200, description: 'One range of bytes (RFC 9110, 14.2)' })),
  'if-range': Type.Optional(Type.String({ maxLength: 200 })),
  'if-none-match': Type.Optional(Type.String({ maxLength: 500 })),
})
const content = { 200: Bytes, 206: Bytes, 304: null } as const

export const recordingsOperations = {
  startRecording: {
    method: 'POST',
    repeat: 'key',
    path: '/v1/meetings/:id/recordings',
    auth: 'any',
    rows: ['V3'],
    summary: 'As host or cohost, record a meeting that is live; one recording at a time. Everybody in it is told',
    params: byId,
    body: Strict({
      layout: Type.Optional(
        Type.Union(RecordingLayout.anyOf, {
          default: 'grid',
          description: 'grid: all alike; speaker: whoever speaks is large; audio: no pictures',
        }),
      ),
    }),
    answers: { 202: Recording },
    problems: [
      'not-found',
      'forbidden',
      'meeting-over',
      'wrong-state',
      'recording-running',
      'recording-needs-sfu',
      'quota-exceeded',
      'unavailable',
    ],
    limit: { by: 'principal', points: 30, seconds: 60 },
  },
  stopRecording: {
    method: 'POST',
    repeat: 'key',
    path: '/v1/recordings/:id/stop',
    auth: 'any',
    rows: ['V3'],
    summary: 'As host or cohost, end a recording; of one that has ended nothing changes',
    params: byId,
    body: Nothing,
    answers: { 202: Recording },
    problems: ['not-found', 'forbidden', 'unavailable'],
    limit: { by: 'principal', points: 60, seconds: 60 },
  },
  listRecordings: {
    method: 'GET',
    path: '/v1/meetings/:id/recordings',
    auth: 'any',
    rows: ['V3'],
    summary: 'The recordings of a meeting that I was in, the newest first',
    params: byId,
    query: Strict({
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, default: 20 })),
      cursor: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
    }),
    answers: {
      200: Type.Object({ items: Type.Array(Recording), nextCursor: Type.Union([Type.String(), Type.Null()]) }),
    },
    problems: ['not-found', 'unavailable'],
  },
  getRecording: {
    method: 'GET',
    path: '/v1/recordings/:id',
    auth: 'any',
    rows: ['V3'],
    summary: 'A recording of a meeting that I was in',
    params: byId,
    answers: { 200: Recording },
    problems: ['not-found', 'unavailable'],
  },
  recordingContent: {
    method: 'GET',
    path: '/v1/recordings/:id/content',
    auth: 'any',
    rows: ['V3'],
    summary: 'The bytes of a recording that is ready, or a range of them, to play',
    params: byId,
    headers: ContentHeaders,
    bytes: { answer: true },
    answers: content,
    sends: { 200: ['etag'], 206: ['etag'], 304: ['etag'] },
    problems: ['not-found', 'wrong-state', 'range-not-satisfiable', 'unavailable'],
  },
  recordingLink: {
    method: 'GET',
    path: '/v1/recordings/:id/link',
    auth: 'any',
    rows: ['V3'],
    summary: 'A link to the bytes that needs no token, for a while: for <video> or <audio>',
    params: byId,
    answers: { 200: Type.Object({ url: Type.String(), expiresAt: Instant }) },
    problems: ['not-found', 'wrong-state', 'unavailable'],
  },
  linkedRecording: {
    method: 'GET',
    path: '/v1/recordings/:id/linked',
    auth: 'none',
    rows: ['V3'],
    summary: 'The bytes that a link leads to, while whoever asked for it may play the recording',
    params: byId,
    query: Strict({
      for: Id,
      expires: Type.Integer({ minimum: 0, maximum: 9007199254740991 }),
      signature: Type.String({ minLength: 43, maxLength: 43, pattern: '^[A-Za-z0-9_-]{43}$' }),
    }),
    headers: ContentHeaders,
    bytes: { answer: true },
    answers: content,
    sends: { 200: ['etag'], 206: ['etag'], 304: ['etag'] },
    problems: ['not-found', 'link-expired', 'wrong-state', 'range-not-satisfiable', 'unavailable'],
  },
  deleteRecording: {
    method: 'DELETE',
    repeat: 'always',
    path: '/v1/recordings/:id',
    auth: 'any',
    rows: ['V3'],
    summary: 'As host or cohost, delete a recording that has ended',
    params: byId,
    answers: { 204: null },
    problems: ['not-found', 'forbidden', 'wrong-state', 'unavailable'],
    limit: { by: 'principal', points: 60, seconds: 60 },
  },
} as const satisfies Operations
