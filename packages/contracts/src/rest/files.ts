import Type, { type Static } from 'typebox'
import { Id, Instant, Nothing, Strict } from '../ids.ts'
import { Bytes, type Operations } from './operation.ts'

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
    contentType: Type.String({ description: 'The type of the bytes, not the claimed one' }),
    status: FileStatus,
    meetingId: Type.Optional(Id),
    width: Type.Optional(Type.Integer({ description: 'Of an image, in pixels' })),
    height: Type.Optional(Type.Integer({ description: 'Of an image, in pixels' })),
    createdAt: Instant,
  },
  { title: 'File' },
)
export type StoredFile = Static<typeof StoredFile>

/** A file as others refer to it: in a message of the chat. */
export const FileReference = Type.Object({
  id: Id,
  name: Type.String(),
  sizeBytes: Type.Integer(),
  contentType: Type.String(),
  width: Type.Optional(Type.Integer()),
  height: Type.Optional(Type.Integer()),
})
export type FileReference = Static<typeof FileReference>

const byId = Strict({ id: Id })

/** No control characters, slashes or backslashes; `.` and `..` are refused by the service. */
const FileName = Type.String({
  minLength: 1,
  maxLength: 255,
  pattern: '^[^\\u0000-\\u001f\\u007f/\\\\]+$',
  description: 'The last part of a path: no slashes, no control characters',
})
/** RFC 9110, 8.3.1, without parameters. */
const ContentType = Type.String({
  minLength: 3,
  maxLength: 100,
  pattern: '^[A-Za-z0-9!#$&^_.+-]+/[A-Za-z0-9!#$&^_.+-]+$',
})

/** How far an upload is. The same is in the headers `Upload-Offset` and `Upload-Length`, also of the answer to a HEAD. */
export const UploadState = Type.Object(
  {
    offset: Type.Integer({ description: 'So many bytes are there from the beginning on: go on with this one' }),
    sizeBytes: Type.Integer(),
    partSizeBytes: Type.Integer({ description: 'Each part but the last is as long; it begins at a multiple of this' }),
    complete: Type.Boolean({ description: 'Whether all bytes are there' }),
  },
  { title: 'UploadState' },
)
export type UploadState = Static<typeof UploadState>

const Upload = Type.Object({
  url: Type.String({ description: 'Where the bytes go, with the access token of the same person' }),
  method: Type.Literal('PUT'),
  headers: Type.Record(Type.String(), Type.String(), { description: 'To send with each part' }),
  partSizeBytes: Type.Integer(),
})

const Variant = Type.Union([Type.Literal('original'), Type.Literal('preview')], {
  default: 'original',
  description: 'preview: a small WebP of an image',
})

/** More is never taken, whatever the settings say. */
const maxFileBytes = 100 * 1024 ** 3

const ContentHeaders = Type.Object({
  range: Type.Optional(Type.String({ maxLength: 200, description: 'One range of bytes (RFC 9110, 14.2)' })),
  'if-range': Type.Optional(Type.String({ maxLength: 200 })),
  'if-none-match': Type.Optional(Type.String({ maxLength: 500 })),
})
const content = { 200: Bytes, 206: Bytes, 304: null } as const

export const filesOperations = {
  createFile: {
    method: 'POST',
    repeat: 'key',
    path: '/v1/files',
    auth: 'any',
    rows: ['F1'],
    summary: 'Announce a file: an avatar of one’s own, or an attachment of a meeting’s chat. Its bytes follow',
    body: Strict({
      purpose: FilePurpose,
      meetingId: Type.Optional(Id),
      name: FileName,
      sizeBytes: Type.Integer({ minimum: 1, maximum: maxFileBytes }),
      contentType: ContentType,
    }),
    answers: { 201: Type.Object({ file: StoredFile, upload: Upload }) },
    problems: [
      'not-found',
      'forbidden',
      'meeting-over',
      'too-large',
      'unsupported-media-type',
      'quota-exceeded',
      'rate-limited',
      'unavailable',
    ],
    limit: { by: 'principal', points: 300, seconds: 60 },
  },
  uploadState: {
    method: 'GET',
    path: '/v1/files/:id/upload',
    auth: 'any',
    rows: ['F1'],
    summary: 'How far an upload is; a HEAD has it in its headers',
    params: byId,
    answers: { 200: UploadState },
    problems: ['not-found', 'wrong-state', 'unavailable'],
  },
  uploadBytes: {
    method: 'PUT',
    repeat: 'always',
    path: '/v1/files/:id/upload',
    auth: 'any',
    rows: ['F1'],
    summary: 'Send one part, or several that follow each other; parts come in any order, and again if they were lost',
    params: byId,
    headers: Type.Object({
      'content-range': Type.Optional(
        Type.String({
          maxLength: 100,
          pattern: '^bytes \\d{1,15}-\\d{1,15}/\\d{1,15}$',
          description:
            'Where the bytes belong (RFC 9110, 14.4), such as `bytes 0-8388607/20000000`; absent: the whole file',
        }),
      ),
    }),
    bytes: { request: { maxBytes: maxFileBytes } },
    answers: { 200: UploadState },
    problems: ['not-found', 'wrong-state', 'range-not-satisfiable', 'too-large', 'unavailable'],
  },
  completeFile: {
    method: 'POST',
    repeat: 'never',
    path: '/v1/files/:id/complete',
    auth: 'any',
    rows: ['F1'],
    summary:
      'Have the bytes looked at: the file is ready then, or refused. 202: that takes longer, ask again. Asked again it gives the same',
    params: byId,
    body: Nothing,
    answers: { 200: StoredFile, 202: StoredFile },
    problems: ['not-found', 'wrong-state', 'file-refused', 'unavailable'],
  },
  readFile: {
    method: 'GET',
    path: '/v1/files/:id',
    auth: 'any',
    rows: ['F1'],
    summary: 'The facts about a file',
    params: byId,
    answers: { 200: StoredFile },
    problems: ['not-found', 'unavailable'],
  },
  fileContent: {
    method: 'GET',
    path: '/v1/files/:id/content',
    auth: 'any',
    rows: ['F1'],
    summary: 'The bytes of a file, or a range of them, to save',
    params: byId,
    query: Strict({ variant: Type.Optional(Variant) }),
    headers: ContentHeaders,
    bytes: { answer: true },
    answers: content,
    sends: { 200: ['etag'], 206: ['etag'], 304: ['etag'] },
    problems: ['not-found', 'wrong-state', 'range-not-satisfiable', 'unavailable'],
  },
  fileLink: {
    method: 'GET',
    path: '/v1/files/:id/link',
    auth: 'any',
    rows: ['F1'],
    summary: 'A link to the bytes that needs no token, for a while: for <img>, <video>, or to save',
    params: byId,
    query: Strict({ variant: Type.Optional(Variant) }),
    answers: { 200: Type.Object({ url: Type.String(), expiresAt: Instant }) },
    problems: ['not-found', 'wrong-state', 'unavailable'],
  },
  linkedContent: {
    method: 'GET',
    path: '/v1/files/:id/linked',
    auth: 'none',
    rows: ['F1'],
    summary: 'The bytes that a link leads to, while whoever asked for it may read the file',
    params: byId,
    query: Strict({
      variant: Type.Optional(Variant),
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
  deleteFile: {
    method: 'DELETE',
    repeat: 'always',
    path: '/v1/files/:id',
    auth: 'any',
    rows: ['F1'],
    summary: 'Delete a file of one’s own, or as host or cohost one of the meeting',
    params: byId,
    answers: { 204: null },
    problems: ['not-found', 'forbidden', 'wrong-state', 'unavailable'],
  },
} as const satisfies Operations
