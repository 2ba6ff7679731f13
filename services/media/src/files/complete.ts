import type { StoredFile } from '@parley/contracts'
import { newId, ObjectNotFoundError, ProblemError } from '@parley/kit'
import type { FilesContext } from './context.ts'
import { toFile, uploadStateOf } from './file-answer.ts'
import { inspect, type Finding } from './inspect.ts'
import { keyOf, storedVariants } from './keys.ts'
import { FileRefusedError } from './refused.ts'
import { notFound } from './rights.ts'
import { findFile, readParts, takeLease, updateLeased } from './store.ts'
import type { FileRow } from './tables.ts'

export interface Completing {
  /**
   * Has the bytes looked at, once, whichever replica is asked. Resolves with the file as it is then; it is still `uploading` when
   * that takes longer than a request may. Rejects with `wrong-state` while bytes are missing, `file-refused`, `unavailable`.
   */
  complete(file: FileRow): Promise<StoredFile>
  /** Resolves when nothing is being looked at any more. */
  idle(): Promise<unknown>
}

const leaseMs = 30_000
const renewMs = 10_000
/** The work that an answer waits for; the gateway waits longer. */
const answerMs = 8_000
const pollMs = 250

export function createCompleting(context: FilesContext): Completing {
  const running = new Map<string, Promise<void>>()
  const begin = (file: FileRow): Promise<void> => {
    const work = look(context, file).finally(() => running.delete(file.id))
    running.set(file.id, work)
    return work
  }
  return {
    async complete(file) {
      if (file.status !== 'uploading') return answerOrThrow(file)
      await checkWholeOrThrow(context, file)
      const until = context.clock.monotonic() + answerMs
      // A replica that inspects it elsewhere is waited for as well.
      for (let now = file; ; now = (await findFile(context.db, file.id)) ?? gone()) {
        if (now.status !== 'uploading') return answerOrThrow(now)
        const leftMs = until - context.clock.monotonic()
        if (leftMs <= 0) return toFile(now)
        await atMost(running.get(file.id) ?? begin(now), leftMs)
        if (!running.has(file.id)) await new Promise((resolve) => setTimeout(resolve, Math.min(pollMs, leftMs)))
      }
    },
    idle: () => Promise.allSettled(running.values()),
  }
}

function answerOrThrow(file: FileRow): StoredFile {
  if (file.status === 'refused') throw new ProblemError('file-refused', file.refusal ?? undefined)
  return toFile(file)
}

function gone(): never {
  throw notFound()
}

async function checkWholeOrThrow({ db }: FilesContext, file: FileRow): Promise<void> {
  if (file.upload_id === null) return
  const { complete, offset, sizeBytes } = uploadStateOf(file, await readParts(db, file.id))
  if (!complete)
    throw new ProblemError('wrong-state', `Bytes are missing: ${offset} of ${sizeBytes} are there without a gap`)
}

/** Under a lease: should this process end in the middle, another one begins anew when it has run out. */
async function look(context: FilesContext, { id }: FileRow): Promise<void> {
  const { db, clock, log } = context
  const lease = newId()
  const until = (): Date => new Date(clock.now() + leaseMs)
  const file = await takeLease(db, { id, lease }, { at: new Date(clock.now()), until: until() })
  if (file === undefined) return
  const renewing = setInterval(() => {
    updateLeased(db, { id, lease }, { leased_until: until() }).catch((error: unknown) =>
      log.warn({ err: error, fileId: id }, 'cannot keep the lease of a file'),
    )
  }, renewMs)
  try {
    await settle(context, file, lease)
  } catch (error) {
    await updateLeased(db, { id, lease }, { lease: null, leased_until: null })
    throw error
  } finally {
    clearInterval(renewing)
  }
}

async function settle(context: FilesContext, file: FileRow, lease: string): Promise<void> {
  const { db, objects } = context
  const held = { id: file.id, lease }
  try {
    await putTogether(context, file)
    await updateLeased(db, held, { upload_id: null })
    const finding = await inspect(context, file)
    await updateLeased(db, held, readyWith(finding))
    if (file.purpose === 'avatar') await objects.delete(keyOf(file.id, 'original'))
  } catch (error) {
    if (!(error instanceof FileRefusedError)) throw error
    await updateLeased(db, held, { status: 'refused', refusal: error.message, lease: null, leased_until: null })
    for (const stored of storedVariants) await objects.delete(keyOf(file.id, stored))
  }
}

const readyWith = ({ contentType, sizeBytes, width, height, previewBytes }: Finding) => ({
  status: 'ready' as const,
  content_type: contentType,
  size_bytes: sizeBytes,
  width,
  height,
  preview_bytes: previewBytes,
  lease: null,
  leased_until: null,
})

async function putTogether({ objects }: FilesContext, file: FileRow): Promise<void> {
  if (file.upload_id === null) return
  try {
    await objects.resume(keyOf(file.id, 'original'), file.upload_id).complete()
  } catch (error) {
    if (error instanceof ObjectNotFoundError) throw new FileRefusedError('The storage has lost the bytes')
    throw error
  }
  const stored = await objects.head(keyOf(file.id, 'original'))
  if (stored?.sizeBytes !== file.size_bytes) throw new FileRefusedError('Not all of the bytes are there')
}

/** Waits for work for a while; rejects as the work does. */
async function atMost(work: Promise<void>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, ms)))
  try {
    await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
