import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { meetingsBus } from '@parley/contracts'
import { request, createPoller, type Bus, type Clock, type Logger, type Objects, type Poller } from '@parley/kit'
import { sql } from 'kysely'
import { prefixOf, remove, tracksFolder, type Places } from './folders.ts'
import type { RecordingDb } from './store.ts'
import type { RecordingRow } from './tables.ts'

export interface SweepDeps {
  db: RecordingDb
  bus: Bus
  clock: Clock
  log: Logger
  objects: Objects
  places: Places | null
  /** 0: for ever. */
  retentionDays: number
  rawDays: number
}

const everyMs = 60_000
const batch = 50
/** How often it is looked whether the meeting of a recording is still there, minutes. */
const lookMinutes = 10
const dayMs = 86_400_000
const id = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/

/** Deletes what is not to be kept: a little at a time, safe on several replicas at once. */
export const createSweep = (deps: SweepDeps): Poller =>
  createPoller(async () => {
    for (const work of [expire, withMeetings, deleteRemoved, sweepFolders])
      await work(deps).catch((err: unknown) =>
        deps.log.warn({ err }, 'recordings could not be swept, it is tried again'),
      )
  }, everyMs)

async function expire({ db, retentionDays }: SweepDeps): Promise<void> {
  if (retentionDays === 0) return
  await db
    .updateTable('recordings')
    .set({ removed_at: sql<Date>`clock_timestamp()` })
    .where('status', 'in', ['ready', 'failed'])
    .where('removed_at', 'is', null)
    .where('started_at', '<', sql<Date>`clock_timestamp() - make_interval(days => ${retentionDays})`)
    .execute()
}

/** A recording goes with its meeting. */
async function withMeetings({ db, bus }: SweepDeps): Promise<void> {
  const due = db
    .selectFrom('recordings')
    .select('id')
    .where('removed_at', 'is', null)
    .where('looked_at', '<', sql<Date>`clock_timestamp() - make_interval(mins => ${lookMinutes})`)
    .orderBy('looked_at')
    .limit(batch)
    .forUpdate()
    .skipLocked()
  const rows = await db
    .updateTable('recordings')
    .set({ looked_at: sql<Date>`clock_timestamp()` })
    .where('id', 'in', due)
    .returning('meeting_id')
    .execute()
  const meetingIds = [...new Set(rows.map(({ meeting_id: meetingId }) => meetingId))]
  if (meetingIds.length === 0) return
  const { deleted } = await request(bus, meetingsBus.deleted, { meetingIds })
  for (const meetingId of deleted) await removeOf(db, meetingId)
}

const removeOf = (db: RecordingDb, meetingId: string) =>
  db
    .updateTable('recordings')
    .set({ removed_at: sql<Date>`clock_timestamp()` })
    .where('meeting_id', '=', meetingId)
    .where('removed_at', 'is', null)
    .execute()

async function deleteRemoved(deps: SweepDeps): Promise<void> {
  const rows = await deps.db
    .selectFrom('recordings')
    .selectAll()
    .where('removed_at', 'is not', null)
    .limit(batch)
    .execute()
  for (const row of rows) await deleteForGood(deps, row)
}

/** The bytes go first, so that none are left without a row. */
async function deleteForGood({ db, objects, places }: SweepDeps, row: RecordingRow): Promise<void> {
  for (const { key } of (await objects.list(prefixOf(row.id))).keys) await objects.delete(key)
  if (places !== null) await remove(tracksFolder(places, row.id))
  await db.deleteFrom('recordings').where('id', '=', row.id).execute()
}

/** Tracks and work of recordings that nobody works on any more. */
async function sweepFolders({ db, clock, places, rawDays }: SweepDeps): Promise<void> {
  if (places === null) return
  const oldMs = { tracks: Math.max(rawDays, 1 / 24) * dayMs, work: dayMs }
  for (const kind of ['tracks', 'work'] as const)
    for (const name of await namesIn(places[kind])) {
      const found = id.exec(name)?.[0]
      if (found === undefined || clock.now() - (await changedAt(join(places[kind], name))) < oldMs[kind]) continue
      const row = await db.selectFrom('recordings').select('status').where('id', '=', found).executeTakeFirst()
      if (row === undefined || row.status === 'ready' || row.status === 'failed') await remove(join(places[kind], name))
    }
}

const changedAt = async (folder: string): Promise<number> => (await stat(folder)).mtimeMs

/** The files in a folder; nothing in one that has not been made yet. @throws what else the file system says */
const namesIn = (folder: string): Promise<string[]> =>
  readdir(folder).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
    throw error
  })
