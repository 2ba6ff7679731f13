import { objectsConfig } from '@parley/kit'
import Type, { type Static, type TObject } from 'typebox'

const mebi = 1024 * 1024
const gibi = 1024 * mebi

/** The content types of attachments that are let in unless the settings say otherwise. */
const attachmentTypes = [
  'image/png',
  'image/jpeg',
  'image/gif',
  'image/webp',
  'image/avif',
  'application/pdf',
  'text/plain',
  'text/csv',
  'text/markdown',
  'application/json',
  'application/xml',
  'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
  'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
  'application/vnd.openxmlformats-officedocument.presentationml.presentation',
  'application/vnd.oasis.opendocument.text',
  'application/vnd.oasis.opendocument.spreadsheet',
  'application/vnd.oasis.opendocument.presentation',
  'audio/mpeg',
  'audio/ogg',
  'audio/wav',
  'audio/mp4',
  'audio/webm',
  'audio/flac',
  'video/mp4',
  'video/webm',
  'video/quicktime',
  'video/ogg',
  'application/zip',
  'application/octet-stream',
]

const bytes = (byDefault: number, description: string) =>
  Type.Integer({ default: byDefault, minimum: 1, maximum: 100 * gibi, description })

/** Settings of files. */
export const filesConfig = {
  ...objectsConfig,
  FILES_AVATAR_MAX_BYTES: bytes(8 * mebi, 'size of an avatar, as it is uploaded'),
  FILES_ATTACHMENT_MAX_BYTES: bytes(gibi, 'size of an attachment'),
  FILES_ATTACHMENT_TYPES: Type.Array(Type.String({ pattern: '^[a-z0-9.+-]+/[a-z0-9.+-]+$' }), {
    default: attachmentTypes,
    description: 'content types of attachments; application/octet-stream is what nobody knows',
  }),
  FILES_IMAGE_MAX_BYTES: bytes(32 * mebi, 'size of an attached picture'),
  FILES_MAX_PIXELS: Type.Integer({
    default: 40_000_000,
    minimum: 1_000,
    maximum: 500_000_000,
    description: 'pixels of a picture',
  }),
  FILES_USER_QUOTA_BYTES: Type.Integer({
    default: 10 * gibi,
    minimum: 1,
    maximum: Number.MAX_SAFE_INTEGER,
    description: 'bytes of all files of one person',
  }),
  FILES_MEETING_QUOTA_BYTES: Type.Integer({
    default: 20 * gibi,
    minimum: 1,
    maximum: Number.MAX_SAFE_INTEGER,
    description: 'bytes of all attachments of one meeting',
  }),
  FILES_KEEP_UNUSED_HOURS: Type.Integer({
    default: 24,
    minimum: 1,
    maximum: 8_760,
    description: 'how long a file stays that was not uploaded to its end, or is in no message and no profile',
  }),
  FILES_LINK_SECONDS: Type.Integer({
    default: 300,
    minimum: 1,
    maximum: 86_400,
    description: 'how long a link to the bytes is good',
  }),
  PUBLIC_URL: Type.Optional(
    Type.String({
      pattern: '^https?://[^/]+$',
      requiredInProduction: true,
      description: 'the gateway as browsers reach it, for the addresses of bytes; default: as the request came in',
    }),
  ),
  CLAMAV_URL: Type.Optional(
    Type.String({
      pattern: '^tcp://[^/:@\\s]+:\\d{1,5}$',
      description: 'ClamAV that looks at every file, such as tcp://clamav:3310; without it none does',
    }),
  ),
}
const schema: TObject<typeof filesConfig> = Type.Object(filesConfig)
export type FilesConfig = Static<typeof schema>
