import Type, { type Static } from 'typebox'
import { Id, Instant } from '../ids.ts'

export const FilePurpose = Type.Union([Type.Literal('avatar'), Type.Literal('attachment')])
export type FilePurpose = Static<typeof FilePurpose>

/** `uploading`: bytes are missing, or have not been looked at; `refused`: they are not what they were said to be. */
export const FileStatus = Type.Union([Type.Literal('uploading'), Type.Literal('ready'), Type.Literal('refused')])

/** A file that a person has uploaded: an avatar, or an attachment of the chat of one meeting. */
export const StoredFile = Type.Object(
  {
    id: Id,
    purpose: FilePurpose,
    name: Type.String(),
    sizeBytes: Type.Integer(),
    contentType: Type.String({ description: 'What the bytes are, not what was claimed' }),
    status: FileStatus,
    meetingId: Type.Optional(Id),
    width: Type.Optional(Type.Integer({ description: 'Of an image, in pixels' })),
    height: Type.Optional(Type.Integer({ description: 'Of an image, in pixels' })),
    createdAt: Instant,
  },
  { title: 'File' },
)
export type StoredFile = Static<typeof StoredFile>
