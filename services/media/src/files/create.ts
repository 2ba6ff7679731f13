import type { filesOperations } from '@parley/contracts'
import { newId, ProblemError, publicBase, type Call, type KeptDb, type Objects } from '@parley/kit'
import { toFile } from './file-answer.ts'
import type { FilesContext } from './context.ts'
import { keyOf } from './keys.ts'
import { bytesOf, insertFile, lockQuota } from './store.ts'
import type { FileRow, FilesDb, NewFile } from './tables.ts'
import { avatarTypes, canonicalType } from './types.ts'

type CreateCall = Call<(typeof filesOperations)['createFile']>
type Created = { status: 201; body: { file: ReturnType<typeof toFile>; upload: Upload } }
interface Upload {
  url: string
  method: 'PUT'
  headers: Record<string, string>
  partSizeBytes: number
}

const mebi = 1024 * 1024
/** Of the storage. */
const maxParts = 10_000

/** Announces a file. Its place in the quota is taken with it, so that parallel uploads cannot have the same room. */
export async function createFile(context: FilesContext, call: CreateCall): Promise<Created> {
  const { body, principal, once, request } = call
  const contentType = canonicalType(body.contentType)
  checkWishOrThrow(context, { ...body, contentType })
  if (body.purpose === 'attachment' && body.meetingId !== undefined)
    await context.rights.mayAttachOrThrow(body.meetingId, principal.userId)
  else if (principal.kind !== 'user') throw new ProblemError('forbidden', 'Guests have no avatars')
  const id = newId()
  const multipart = await context.objects.multipart(keyOf(id, 'original'), { contentType: 'application/octet-stream' })
  const file = fileOf(
    { ...body, contentType },
    { id, ownerId: principal.userId, uploadId: multipart.id, now: context.clock.now() },
  )
  const base = publicBase(context.config.PUBLIC_URL, request)
  const answerOf = (made: FileRow): Created => ({
    status: 201,
    body: { file: toFile(made), upload: uploadOf(made, base) },
  })
  try {
    const insert = (trx: FilesDb): Promise<FileRow> =>
      // The types of Kysely do not say that a database of more tables has these too.
      once(answerOf).in(trx as unknown as KeptDb, () => insertInQuota(context, trx, file))
    const row = await context.db.transaction().execute(insert)
    return answerOf(row)
  } catch (error) {
    await abandon(context.objects, id, multipart.id)
    throw error
  }
}

type Wish = Pick<CreateCall['body'], 'purpose' | 'name' | 'sizeBytes' | 'contentType' | 'meetingId'>

/** The refusals that need no byte of the file. */
function checkWishOrThrow({ config }: FilesContext, { purpose, name, sizeBytes, contentType, meetingId }: Wish): void {
  if (name === '.' || name === '..' || name.trim() === '' || !name.isWellFormed())
    throw invalid('/name', 'is not the name of a file')
  if (purpose === 'attachment' && meetingId === undefined) throw invalid('/meetingId', 'is required for an attachment')
  if (purpose === 'avatar' && meetingId !== undefined) throw invalid('/meetingId', 'is not for avatars')
  const most = purpose === 'avatar' ? config.FILES_AVATAR_MAX_BYTES : mostOf(config, contentType)
  if (sizeBytes > most) throw new ProblemError('too-large', `At most ${most} bytes: this file has ${sizeBytes}`)
  const types = purpose === 'avatar' ? avatarTypes : config.FILES_ATTACHMENT_TYPES
  if (!types.includes(contentType))
    throw new ProblemError(
      'unsupported-media-type',
      `Files of the type ${contentType} are not accepted; accepted are ${types.join(', ')}`,
    )
}

const mostOf = (config: FilesContext['config'], contentType: string): number =>
  contentType.startsWith('image/')
    ? Math.min(config.FILES_IMAGE_MAX_BYTES, config.FILES_ATTACHMENT_MAX_BYTES)
    : config.FILES_ATTACHMENT_MAX_BYTES

const invalid = (path: string, message: string): ProblemError =>
  new ProblemError('invalid-input', undefined, { errors: [{ path, message }] })

/** Parts are as small as the storage likes them, larger where there would be too many. */
const partBytesOf = (sizeBytes: number): number => Math.max(8, Math.ceil(sizeBytes / maxParts / mebi)) * mebi

interface Making {
  id: string
  ownerId: string
  uploadId: string
  now: number
}

const fileOf = (wish: Wish, { id, ownerId, uploadId, now }: Making): NewFile => ({
  id,
  purpose: wish.purpose,
  owner_id: ownerId,
  meeting_id: wish.meetingId ?? null,
  name: wish.name,
  declared_type: wish.contentType,
  size_bytes: wish.sizeBytes,
  part_bytes: partBytesOf(wish.sizeBytes),
  upload_id: uploadId,
  status: 'uploading',
  created_at: new Date(now),
  touched_at: new Date(now),
})

/** The locks are taken in one order, so nobody waits in a circle. @throws ProblemError `quota-exceeded` */
async function insertInQuota({ config }: FilesContext, trx: FilesDb, file: NewFile): Promise<FileRow> {
  const { owner_id: owner, meeting_id: meeting, size_bytes: more } = file
  await lockQuota(trx, owner)
  if ((await bytesOf(trx, 'owner_id', owner)) + more > config.FILES_USER_QUOTA_BYTES)
    throw new ProblemError('quota-exceeded', 'Your files use all of your storage: delete some of them first')
  if (meeting != null) {
    await lockQuota(trx, meeting)
    if ((await bytesOf(trx, 'meeting_id', meeting)) + more > config.FILES_MEETING_QUOTA_BYTES)
      throw new ProblemError(
        'quota-exceeded',
        'The files of this meeting use all of its storage: delete some of them first',
      )
  }
  return insertFile(trx, file)
}

const uploadOf = (row: FileRow, base: string): Upload => ({
  url: `${base}/v1/files/${row.id}/upload`,
  method: 'PUT',
  headers: { 'content-type': 'application/octet-stream' },
  partSizeBytes: row.part_bytes,
})

/** The storage's own rules for unfinished uploads remove the rest; the problem that led here is what counts. */
const abandon = (objects: Objects, id: string, uploadId: string): Promise<void> =>
  objects
    .resume(keyOf(id, 'original'), uploadId)
    .abort()
    .catch(() => undefined)
