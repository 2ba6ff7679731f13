import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger, Objects } from '@parley/kit'
import { failed, ready, type RecordingChange } from './changes.ts'
import { CommandError } from './film/run.ts'
import { makeFilm, type Film, type Footage } from './film/film.ts'
import { partFolder, prefixOf, remove, tracksFolder, type Places } from './folders.ts'
import type { Job } from './job.ts'
import { change, partsOf, setAttempts, staysOf, type Held, type Lease, type RecordingDb } from './store.ts'
import type { PartRow } from './tables.ts'
import type { Announce } from './tell.ts'
import { upload } from './upload.ts'

export interface DevelopDeps {
  db: RecordingDb
  log: Logger
  announce: Announce
  objects: Objects
  places: Places
  threads: number
  /** For each command. */
  deadlineMs: number
}

const maxAttempts = 3
const firstPauseMs = 1_000
const longestPauseMs = 30_000
const storageAwayMs = 24 * 3_600_000

/**
 * Makes the film of a recording and stores it; only then the tracks go. A step that fails is tried again: a film three times, storing it for a
 * day. Each holder works in its own folder and stores under its own key. So one that was given up disturbs nothing.
 */
export const createDevelop =
  (deps: DevelopDeps) =>
  (lease: Lease): Job =>
  async (signal, look) => {
    const { log, objects, places } = deps
    const folder = join(places.work, `${lease.id}-${lease.fence}`)
    try {
      const film = await filmOf(deps, lease, await look(), { folder, signal })
      if (film === 'later') return { again: 5_000 }
      if (film === 'never') return { again: 0 }
      const key = `${prefixOf(lease.id)}${lease.fence}.webm`
      if (!(await stored(deps, { key, film, signal }))) await changeIt(deps, lease, failed('storage-unavailable'))
      else if (await changeIt(deps, lease, ready(film, key))) await tidy(deps, lease, key)
      else await objects.delete(key)
      return { again: 0 }
    } finally {
      await remove(folder).catch((err: unknown) => log.warn({ err, folder }, 'a folder of a film is left'))
    }
  }

/** False: somebody else has the recording by now. */
async function changeIt({ db, announce }: DevelopDeps, lease: Lease, what: RecordingChange): Promise<boolean> {
  const row = await change(db, lease, what)
  if (row !== undefined) await announce(row)
  return row !== undefined
}

/** The tracks are not needed any more, nor what an earlier holder stored before it died. */
async function tidy({ objects, places }: DevelopDeps, { id }: Lease, key: string): Promise<void> {
  await remove(tracksFolder(places, id))
  for (const stored of (await objects.list(prefixOf(id))).keys) if (stored.key !== key) await objects.delete(stored.key)
}

/** `later`: it is to be tried again; `never`: there is none, and that is written down. */
async function filmOf(
  deps: DevelopDeps,
  lease: Lease,
  row: Held,
  { folder, signal }: { folder: string; signal: AbortSignal },
): Promise<Film | 'later' | 'never'> {
  const { db, log, places, threads, deadlineMs } = deps
  try {
    await remove(folder)
    await mkdir(folder, { recursive: true })
    const film = await makeFilm(await footageOf(db, places, row), { folder, threads, deadlineMs, signal, log })
    if (film !== null) return film
    if (await changeIt(deps, lease, failed('no-media'))) await remove(tracksFolder(places, lease.id))
    return 'never'
  } catch (err) {
    if (signal.aborted || !(err instanceof CommandError || isDiskFull(err))) throw err
    log.error({ err, recordingId: row.id, attempts: row.attempts }, 'the film of a recording could not be made')
    if (row.attempts + 1 < maxAttempts) await setAttempts(db, lease, row.attempts + 1)
    else await changeIt(deps, lease, failed('processing-failed'))
    return row.attempts + 1 < maxAttempts ? 'later' : 'never'
  }
}

const isDiskFull = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'ENOSPC'

/** All times are by one clock, that of the database; what is within a part is by the clock of its Janus. */
async function footageOf(db: RecordingDb, { tracks }: Places, row: Held): Promise<Footage> {
  const recorded = await partsOf(db, row.id)
  const beginsAt = beginOf(row, recorded)
  const since = (at: Date | null) => (at === null ? 0 : at.getTime() - beginsAt)
  const parts = recorded.map(({ number, first_media_at: at, lead_ms: leadMs }) => ({
    folder: partFolder(tracks, row.id, number),
    startsMs: since(at) - leadMs,
  }))
  const stays = (await staysOf(db, row.id)).map(
    ({ participant_id: participantId, name, from_at: from, to_at: to }) => ({
      participantId,
      name,
      fromMs: since(from),
      toMs: since(to),
    }),
  )
  return { parts, stays, layout: row.layout, lengthMs: since(row.ended_at) }
}

/** When media was first seen to come; when it came, where it was seen only after the stop, by the replica that took the recording up. */
function beginOf(
  { first_media_at: seenAt, started_at: startedAt, ended_at: endedAt }: Held,
  parts: readonly PartRow[],
) {
  const begins = (seenAt ?? startedAt).getTime()
  if (endedAt === null || begins < endedAt.getTime()) return begins
  const came = parts.flatMap(({ first_media_at: at, lead_ms: leadMs }) => (at === null ? [] : [at.getTime() - leadMs]))
  return Math.min(begins, ...came)
}

/** Stores the film, again and again while the storage is away. False: it was away for a day. */
async function stored(
  { objects, log }: DevelopDeps,
  { key, film, signal }: { key: string; film: Film; signal: AbortSignal },
): Promise<boolean> {
  const until = performance.now() + storageAwayMs
  for (let pauseMs = firstPauseMs; performance.now() < until; pauseMs = Math.min(longestPauseMs, pauseMs * 2)) {
    try {
      await upload(objects, key, film, signal)
      return true
    } catch (err) {
      if (signal.aborted) throw err
      log.warn({ err, key }, 'the film of a recording could not be stored, it is tried again')
      await sleep(pauseMs, undefined, { signal })
    }
  }
  return false
}
