import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { open, unlink } from 'node:fs/promises'
import { PassThrough, Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { ProblemError } from '../problem.ts'
import { counted } from './counted.ts'

/** Writes a new file and waits until it is on the disk; leaves nothing when it fails. */
export async function writeFileWhole(
  path: string,
  body: Readable | Buffer,
  { sizeBytes, signal }: { sizeBytes?: number | undefined; signal?: AbortSignal | undefined },
): Promise<void> {
  const source = Buffer.isBuffer(body) ? Readable.from([body], { objectMode: false }) : body
  const check = sizeBytes === undefined ? new PassThrough() : counted(sizeBytes)
  const file = createWriteStream(path, { flags: 'wx', mode: 0o600, flush: true })
  try {
    await pipeline(source, check, file, signal === undefined ? {} : { signal })
  } catch (error) {
    // The stream may still be opening it.
    if (!file.closed) await once(file, 'close')
    await ifThere(unlink(path))
    throw asUnavailable(error) ?? error
  }
}

/** A name is there after a power cut only once its folder is on the disk too. */
export async function syncFolder(path: string): Promise<void> {
  // Windows opens no folders.
  if (process.platform === 'win32') return
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

/** Null when the file or folder is not there. */
export async function ifThere<T>(work: Promise<T>): Promise<T | null> {
  try {
    return await work
  } catch (error) {
    const code = codeOf(error)
    if (code === 'ENOENT' || code === 'ENOTDIR') return null
    throw error
  }
}

/** A refusal of the file system is the problem `unavailable`. */
export async function orUnavailable<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    throw asUnavailable(error) ?? error
  }
}

const full = new Set(['ENOSPC', 'EDQUOT', 'EFBIG'])
const away = new Set([
  'EIO',
  'EROFS',
  'EACCES',
  'EPERM',
  'EMFILE',
  'ENFILE',
  'ESTALE',
  'ENXIO',
  'ENODEV',
  'ENOENT',
  'ENOTDIR',
])
const retryAfterMs = 10_000

function asUnavailable(error: unknown): ProblemError | null {
  const code = codeOf(error)
  if (code === undefined || !isOfFileSystem(error)) return null
  if (full.has(code))
    return new ProblemError('unavailable', 'The file storage is full', { retryAfterMs }, { cause: error })
  if (!away.has(code)) return null
  return new ProblemError('unavailable', 'The file storage cannot be reached', { retryAfterMs }, { cause: error })
}

const isOfFileSystem = (error: unknown): boolean => error instanceof Error && 'syscall' in error

const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
