import type { Readable } from 'node:stream'
import type { UploadState } from '@parley/contracts'
import { createSemaphore, ObjectNotFoundError, ProblemError, SizeMismatchError } from '@parley/kit'
import type { FilesContext } from './context.ts'
import { uploadStateOf } from './file-answer.ts'
import { keyOf } from './keys.ts'
import { splitStream } from './split-stream.ts'
import { notePart, readParts } from './store.ts'
import type { FileRow } from './tables.ts'

/** Uploads that store bytes at one time; each holds some buffers. */
const limits = { running: 256, waiting: 1_024, waitMs: 20_000, full: 'Too many uploads are under way' }

export interface Uploads {
  state(file: FileRow): Promise<UploadState>
  /** Stores the bytes of a request, part by part: what came whole stays, whatever becomes of the rest. */
  take(file: FileRow, request: UploadRequest): Promise<UploadState>
}

interface UploadRequest {
  bytes: Readable
  /** Of the body. */
  length: number
  contentRange: string | undefined
}

export function createUploads(context: Pick<FilesContext, 'db' | 'objects' | 'clock'>): Uploads {
  const pass = createSemaphore(limits)
  const state = async (file: FileRow): Promise<UploadState> =>
    uploadStateOf(file, file.upload_id === null ? new Map() : await readParts(context.db, file.id))
  return {
    state,
    async take(file, { bytes, length, contentRange }) {
      const { from, to } = rangeOrThrow(file, length, contentRange)
      const uploadId = openUploadOrThrow(file)
      await pass(() => storeParts(context, { file, uploadId, bytes, from, to }))
      return state(file)
    },
  }
}

function openUploadOrThrow({ status, upload_id: uploadId, lease }: FileRow): string {
  if (status === 'uploading' && uploadId !== null && lease === null) return uploadId
  throw new ProblemError('wrong-state', 'This file cannot take more bytes')
}

interface Taking {
  file: FileRow
  uploadId: string
  bytes: Readable
  from: number
  to: number
}

async function storeParts(context: Pick<FilesContext, 'db' | 'objects' | 'clock'>, taking: Taking): Promise<void> {
  const { file, uploadId, bytes, from, to } = taking
  const upload = context.objects.resume(keyOf(file.id, 'original'), uploadId)
  const split = splitStream(bytes)
  for (let at = from; at <= to; at += file.part_bytes) {
    const sizeBytes = Math.min(file.part_bytes, to + 1 - at)
    const number = at / file.part_bytes + 1
    await upload.put(number, split.next(sizeBytes), { sizeBytes }).catch(explainOrThrow)
    if (!(await notePart(context.db, { id: file.id, number, sizeBytes }, new Date(context.clock.now()))))
      throw new ProblemError('wrong-state', 'This file cannot take more bytes')
  }
}

function explainOrThrow(error: unknown): never {
  if (error instanceof ObjectNotFoundError) throw new ProblemError('wrong-state', 'This file cannot take more bytes')
  if (error instanceof SizeMismatchError)
    throw new ProblemError(
      'invalid-input',
      'The upload of this part was interrupted: send it again',
      {},
      { cause: error },
    )
  throw error
}

/**
 * Where bytes belong. They are whole parts.
 * @throws ProblemError `invalid-input`, `too-large`, `range-not-satisfiable`
 */
function rangeOrThrow(file: FileRow, length: number, contentRange: string | undefined): { from: number; to: number } {
  const { size_bytes: size, part_bytes: part } = file
  const parsed = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(contentRange ?? `bytes 0-${length - 1}/${length}`)
  const [from, to, total] = (parsed ?? []).slice(1).map(Number)
  if (from === undefined || to === undefined || total === undefined || to < from)
    throw wrongRange('names no bytes: it is like `bytes 0-8388607/20000000`')
  if (contentRange === undefined && length > size)
    throw new ProblemError('too-large', `The file was announced with ${size} bytes`)
  if (total !== size || to >= size)
    throw new ProblemError('range-not-satisfiable', `The file was announced with ${size} bytes`, { sizeBytes: size })
  if (length !== to + 1 - from) throw wrongRange(`names ${to + 1 - from} bytes, and ${length} come`)
  if (from % part !== 0) throw wrongRange(`begins inside of a part: parts begin at multiples of ${part}`)
  if ((to + 1) % part !== 0 && to + 1 !== size)
    throw wrongRange(`ends inside of a part: each has ${part} bytes, but the last`)
  return { from, to }
}

const wrongRange = (message: string): ProblemError =>
  new ProblemError('invalid-input', undefined, { errors: [{ path: 'headers.content-range', message }] })
