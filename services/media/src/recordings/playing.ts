import type { recordingsOperations } from '@parley/contracts'
import {
  ObjectNotFoundError,
  ProblemError,
  publicBase,
  type Bus,
  type Clock,
  type Handlers,
  type Objects,
} from '@parley/kit'
import { objectContent, type ContentHeaders } from '../object-content.ts'
import { recordingFor } from './access.ts'
import type { RecordingDb } from './store.ts'
import type { RecordingRow } from './tables.ts'

/** Signs links that need no token; of files, too. */
interface Links {
  sign(link: SignedLink): Promise<string>
  /** @throws ProblemError `link-expired` */
  checkOrThrow(link: SignedLink, signature: string): Promise<void>
}
interface SignedLink {
  fileId: string
  variant: 'original'
  userId: string
  expiresAt: number
}

export interface PlayDeps {
  db: RecordingDb
  bus: Bus
  clock: Clock
  objects: Objects
  links: Links
  linkSeconds: number
  publicUrl: string | undefined
}

type Playing = Pick<Handlers<typeof recordingsOperations>, 'recordingContent' | 'recordingLink' | 'linkedRecording'>

/** REST: the bytes of recordings. */
export const playHandlers = (deps: PlayDeps): Playing => ({
  async recordingContent({ params: { id }, headers, principal: { userId } }) {
    return contentOf(deps, (await recordingFor(deps, id, userId)).row, headers)
  },
  async recordingLink({ params: { id }, principal: { userId }, request }) {
    const { row } = await recordingFor(deps, id, userId)
    storedOrThrow(row)
    const expiresAt = deps.clock.now() + deps.linkSeconds * 1_000
    const signature = await deps.links.sign(linkOf(id, userId, expiresAt))
    const search = new URLSearchParams({ for: userId, expires: String(expiresAt), signature })
    const url = `${publicBase(deps.publicUrl, request)}/v1/recordings/${id}/linked?${search.toString()}`
    const body = { url, expiresAt: new Date(expiresAt).toISOString() }
    return { status: 200, body, headers: { 'cache-control': 'no-store' } }
  },
  async linkedRecording({ params: { id }, query: { for: userId, expires, signature }, headers }) {
    await deps.links.checkOrThrow(linkOf(id, userId, expires), signature)
    // A link ends with the removal of its person.
    return contentOf(deps, (await recordingFor(deps, id, userId)).row, headers)
  },
})

const linkOf = (id: string, userId: string, expiresAt: number): SignedLink => ({
  fileId: `recording/${id}`,
  variant: 'original',
  userId,
  expiresAt,
})

/** To be played where it is: of these types a browser runs nothing. */
async function contentOf({ objects }: PlayDeps, row: RecordingRow, headers: ContentHeaders) {
  const { key, sizeBytes, contentType } = storedOrThrow(row)
  const etag = `"${row.sha256}"`
  const shown = {
    'content-type': contentType,
    'content-disposition': `inline; filename="recording-${row.id}.webm"`,
    'content-security-policy': "default-src 'none'; media-src *; style-src 'unsafe-inline'; sandbox",
    'x-content-type-options': 'nosniff',
    'cross-origin-resource-policy': 'cross-origin',
    'accept-ranges': 'bytes',
    'cache-control': 'private, no-cache',
    etag,
  }
  try {
    return await objectContent(objects, { key, sizeBytes, etag, headers: shown }, headers)
  } catch (error) {
    throw error instanceof ObjectNotFoundError ? new ProblemError('not-found', 'The recording is gone') : error
  }
}

/** @throws ProblemError `wrong-state` */
function storedOrThrow({ status, object_key: key, size_bytes: sizeBytes, content_type: contentType }: RecordingRow) {
  if (status !== 'ready' || key === null || sizeBytes === null || contentType === null)
    throw new ProblemError('wrong-state', 'The recording cannot be played yet')
  return { key, sizeBytes, contentType }
}
