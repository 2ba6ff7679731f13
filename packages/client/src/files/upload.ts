import type { FilePurpose, StoredFile } from '@parley/contracts'
import { isProblem, localError, ParleyError } from '../problem.ts'
import type { TokenSource } from '../rest.ts'
import { backoffMs, pause, type Backoff } from '../time.ts'

export interface UploadInput {
  file: Blob
  /** As others see it. */
  name: string
  purpose: FilePurpose
  /** Of an attachment. */
  meetingId?: string
  /** Bytes that the server has, and all there are; after each part. */
  onProgress?: (sentBytes: number, totalBytes: number) => void
  /** Gives up; the promise rejects with its reason. */
  signal?: AbortSignal
}

/** Where the bytes of a new file go. */
interface UploadPlace {
  url: string
  method: string
  headers: Readonly<Record<string, string>>
  partSizeBytes: number
}

export interface UploadDeps {
  create(
    input: Omit<UploadInput, 'file' | 'onProgress' | 'signal'> & FileFacts,
  ): Promise<{ file: StoredFile; upload: UploadPlace }>
  complete(fileId: string): Promise<StoredFile>
  fetch: typeof globalThis.fetch
  /** Of the gateway, for a place that is only a path. */
  url: string
  tokens: TokenSource
  backoff: Backoff
}

interface FileFacts {
  sizeBytes: number
  contentType: string
}

/** How often in a row a part may fail; with the usual back-off that is about a minute without a network. */
const maxFailures = 10
const partMs = 120_000
const lookAgainMs = 1_000
const maxLooks = 120

/**
 * Uploads a file in parts. A part that got lost is sent again from where the server says it is. A broken network or a restart of the server costs a part at most. Rejects with a ParleyError when the file is refused, or the server stays away for long.
 */
export async function uploadFile(deps: UploadDeps, input: UploadInput): Promise<StoredFile> {
  const { file, name, purpose, meetingId, onProgress, signal } = input
  const { file: created, upload } = await deps.create({
    name,
    purpose,
    ...(meetingId === undefined ? {} : { meetingId }),
    sizeBytes: file.size,
    contentType: file.type === '' ? 'application/octet-stream' : file.type,
  })
  let sent = 0
  for (let failures = 0; sent < file.size;) {
    signal?.throwIfAborted()
    try {
      sent = await sendPart(deps, upload, { file, from: sent, signal })
      failures = 0
      onProgress?.(sent, file.size)
    } catch (error) {
      signal?.throwIfAborted()
      if (!isPassing(error) || ++failures > maxFailures) throw error
      await pause(backoffMs(failures, deps.backoff), signal)
      sent = await readOffset(deps, upload, { known: sent, signal })
    }
  }
  return settled(deps, created.id, signal)
}

/** The server looks at the bytes before they are a file; for a large one that takes longer than an answer. */
async function settled(deps: UploadDeps, id: string, signal: AbortSignal | undefined): Promise<StoredFile> {
  for (let attempt = 1; ; attempt++) {
    const file = await deps.complete(id)
    if (file.status !== 'uploading' || attempt >= maxLooks) return file
    await pause(lookAgainMs, signal)
    signal?.throwIfAborted()
  }
}

interface Part {
  file: Blob
  from: number
  signal: AbortSignal | undefined
}

/** Sends the part that begins at `from`; resolves to where the next one begins. */
async function sendPart(deps: UploadDeps, place: UploadPlace, { file, from, signal }: Part): Promise<number> {
  const to = Math.min(file.size, from + place.partSizeBytes)
  const headers = { ...place.headers, 'content-range': `bytes ${from}-${to - 1}/${file.size}` }
  await ask(deps, place, { method: place.method, headers, body: file.slice(from, to), signal })
  return to
}

/** Where the server is; where we believed it to be when it does not say. */
async function readOffset(
  deps: UploadDeps,
  place: UploadPlace,
  { known, signal }: { known: number; signal: AbortSignal | undefined },
): Promise<number> {
  try {
    const response = await ask(deps, place, { method: 'HEAD', headers: { ...place.headers }, signal })
    const offset = Number(response.headers.get('upload-offset') ?? known)
    return Number.isSafeInteger(offset) && offset >= 0 ? offset : known
  } catch (error) {
    if (!isPassing(error)) throw error
    return known
  }
}

interface Ask {
  method: string
  headers: Record<string, string>
  body?: Blob
  signal: AbortSignal | undefined
}

async function ask({ fetch, url, tokens }: UploadDeps, place: UploadPlace, request: Ask): Promise<Response> {
  const { method, headers, body, signal } = request
  const authorization = `Bearer ${await tokens.current()}`
  const deadline = AbortSignal.timeout(partMs)
  const response = await reached(
    fetch(new URL(place.url, url), {
      method,
      headers: { authorization, ...headers },
      credentials: 'include',
      signal: signal ? AbortSignal.any([signal, deadline]) : deadline,
      ...(body ? { body } : {}),
    }),
  )
  if (response.ok) return response
  const answer: unknown = await response.json().catch(() => null)
  throw isProblem(answer)
    ? new ParleyError(answer)
    : localError(response.status >= 500 ? 'unavailable' : 'internal', `The upload answered ${response.status}`)
}

async function reached(call: Promise<Response>): Promise<Response> {
  try {
    return await call
  } catch (error) {
    throw localError('unavailable', 'The server could not be reached', error)
  }
}

const isPassing = (error: unknown): boolean => error instanceof ParleyError && error.problem.retryable
