import Type, { type Static } from 'typebox'
import { Id, Instant } from '../ids.ts'

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
const RecordedPerson = Type.Object({
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
    people: Type.Array(RecordedPerson),
    sha256: Type.Optional(Type.String({ description: 'Of the file, hexadecimal' })),
  },
  { title: 'Recording' },
)
export type Recording = Static<typeof Recording>
