import { open, readdir, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'

/** From, up to: milliseconds. */
export interface Span {
  fromMs: number
  toMs: number
}

/** A file that Janus has recorded: one track of one participant. */
export interface RecordedTrack {
  file: string
  participantId: string
  kind: 'audio' | 'video'
  /** The publisher's name for it: "mic", "cam" or "screen"; null if nothing. */
  description: string | null
  /** When the first packet came, µs since 1970 by the clock of that Janus. */
  firstAtUs: number
  /** When packets came, from the first one. */
  spans: Span[]
}

const magic = 'MJR00002'
const recordBytes = 10
const nullIfMissing = (error: unknown): null => {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
  throw error
}

const maxHeaderBytes = 65_535
const chunkBytes = 65_536
/** A pause that is longer is silence, or a camera that is off. Screens send a picture a second while nothing moves. */
const pauseMs = { audio: 1_000, video: 2_000, screen: 5_000 }

/** `videoroom-<room>-user-<feed>-<time>-<kind>-<mid>.mjr`; `.tmp` is left by a Janus that was killed. */
const fileName = /-user-(?<feed>[0-9a-fA-F-]{36})-\d+-(?<kind>audio|video)-\d+\.mjr(\.tmp)?$/

/** The tracks in a folder. Files of other names, and those without a packet, are left out. */
export async function readTracks(folder: string): Promise<RecordedTrack[]> {
  const tracks: RecordedTrack[] = []
  for (const name of (await readdir(folder)).toSorted()) {
    const parts = fileName.exec(name)?.groups
    if (parts?.['feed'] === undefined) continue
    const kind = parts['kind'] === 'audio' ? 'audio' : 'video'
    const track = await readTrack(join(folder, name), { participantId: parts['feed'], kind })
    if (track !== null) tracks.push(track)
  }
  return tracks
}

/**
 * Reads when packets came, and nothing of what is in them. A last record that is cut off is left out. The format: Janus' `record.c`,
 * "MJR00002", the length of the JSON header (16 bits), the header; then for each packet "MEET", its time in ms (32 bits), its
 * length (16 bits), the packet.
 */
async function readTrack(
  file: string,
  of: Pick<RecordedTrack, 'participantId' | 'kind'>,
): Promise<RecordedTrack | null> {
  // Janus renames a track when it closes it; by its new name it is found the next time.
  const handle = await open(file, 'r').catch(nullIfMissing)
  if (handle === null) return null
  try {
    const reader = chunksOf(handle)
    const info = await readInfo(reader)
    if (info === null) return null
    const longest = of.kind === 'audio' ? pauseMs.audio : info.description === 'screen' ? pauseMs.screen : pauseMs.video
    const spans = await readSpans(reader, longest)
    return spans.length === 0 ? null : { file, ...of, ...info, spans }
  } finally {
    await handle.close()
  }
}

/** For how long media has come into a folder by now, as far as Janus has written it, ms; null: none has. */
export async function mediaMsIn(folder: string): Promise<number | null> {
  const tracks = await readTracks(folder)
  if (tracks.length === 0) return null
  const first = Math.min(...tracks.map(({ firstAtUs }) => firstAtUs))
  return Math.round(
    Math.max(...tracks.map(({ firstAtUs, spans }) => (firstAtUs - first) / 1000 + (spans.at(-1)?.toMs ?? 0))),
  )
}

interface Reader {
  /** The next bytes; null at the end of the file. */
  take(bytes: number): Promise<Buffer | null>
  skip(bytes: number): void
}

async function readInfo({ take }: Reader): Promise<Pick<RecordedTrack, 'description' | 'firstAtUs'> | null> {
  if ((await take(magic.length))?.toString('latin1') !== magic) return null
  const length = (await take(2))?.readUInt16BE(0) ?? 0
  const text = length <= maxHeaderBytes ? await take(length) : null
  if (text === null) return null
  try {
    const info = JSON.parse(text.toString('utf8')) as { u?: unknown; d?: unknown }
    const description = typeof info.d === 'string' ? info.d : null
    return typeof info.u === 'number' ? { firstAtUs: info.u, description } : null
  } catch {
    // The disk was full before the header was written.
    return null
  }
}

async function readSpans({ take, skip }: Reader, longestPause: number): Promise<Span[]> {
  const spans: Span[] = []
  let first: number | null = null
  for (;;) {
    const record = await take(recordBytes)
    if (record === null || record.toString('latin1', 0, 4) !== 'MEET') return spans
    const length = record.readUInt16BE(8)
    first ??= record.readUInt32BE(4)
    const atMs = Math.max(0, record.readUInt32BE(4) - first)
    const last = spans.at(-1)
    if (last === undefined || atMs - last.toMs > longestPause) spans.push({ fromMs: atMs, toMs: atMs })
    else last.toMs = Math.max(last.toMs, atMs)
    skip(length)
  }
}

/** Reads a file forward in chunks; what is skipped within a chunk costs nothing. */
function chunksOf(handle: FileHandle): Reader {
  let chunk = Buffer.alloc(0)
  let chunkAt = 0
  let at = 0
  return {
    async take(bytes) {
      if (at + bytes > chunkAt + chunk.length) {
        const next = Buffer.alloc(Math.max(chunkBytes, bytes))
        const { bytesRead } = await handle.read(next, 0, next.length, at)
        chunk = next.subarray(0, bytesRead)
        chunkAt = at
        if (bytesRead < bytes) return null
      }
      const from = at - chunkAt
      at += bytes
      return chunk.subarray(from, from + bytes)
    },
    skip: (bytes) => void (at += bytes),
  }
}
