import { erasedName, privacyBus } from '@parley/contracts'
import {
  respond,
  eraseSlice,
  exportBatch,
  exportSlice,
  json,
  untilDone,
  type Bus,
  type BusSubscription,
  type EraseStep,
  type ExportSection,
  type Logger,
} from '@parley/kit'
import type { Kysely } from 'kysely'
import type { MediaTables } from './tables.ts'

const queue = 'media'
type Db = Kysely<MediaTables>

/** The answers to auth when a person is erased, or wants their data. `dropFiles` takes files of an owner away that no message has. */
export function answerPrivacy({
  db,
  bus,
  log,
  dropFiles,
}: {
  db: Db
  bus: Bus
  log: Logger
  dropFiles: (ownerId: string) => Promise<void>
}): BusSubscription[] {
  const steps = eraseSteps(db, dropFiles)
  return [
    respond(bus, privacyBus.eraseInMedia, queue, (asked) => eraseSlice(steps, asked), log),
    respond(
      bus,
      privacyBus.eraseFromRecordings,
      queue,
      async (asked) => (await eraseFromRecordings(db, asked), {}),
      log,
    ),
    respond(bus, privacyBus.exportFromMedia, queue, (asked) => exportSlice([filesOf(db)], asked), log),
  ]
}

/** Avatars and unused uploads go; files in messages and recordings stay with their meeting, as of a deleted user. */
const eraseSteps = (db: Db, dropFiles: (ownerId: string) => Promise<void>): EraseStep[] => [
  async ({ userId }) => {
    await dropFiles(userId)
    return null
  },
  untilDone(async ({ userId, alias }, limit) => {
    const changed = await db
      .updateTable('files')
      .set({ owner_id: alias })
      .where('id', 'in', (eb) => eb.selectFrom('files').select('id').where('owner_id', '=', userId).limit(limit))
      .executeTakeFirst()
    return Number(changed.numUpdatedRows)
  }),
  untilDone(async ({ userId, alias }, limit) => {
    const due = db.selectFrom('recordings').select('id').where('started_by', '=', userId).limit(limit)
    const changed = await db
      .updateTable('recordings')
      .set({ started_by: alias })
      .where('id', 'in', due)
      .executeTakeFirst()
    return Number(changed.numUpdatedRows)
  }),
  async ({ userId }) => {
    await db.deleteFrom('kept_answers').where('holder', '=', userId).execute()
    return null
  },
]

/** Recordings of meetings without the name of some participants. */
async function eraseFromRecordings(
  db: Db,
  { meetingIds, participantIds }: { meetingIds: readonly string[]; participantIds: readonly string[] },
): Promise<void> {
  if (meetingIds.length === 0 || participantIds.length === 0) return
  const theirs = new Set(participantIds)
  const rows = await db
    .selectFrom('recordings')
    .select(['id', 'people'])
    .where('meeting_id', 'in', meetingIds)
    .execute()
  for (const { id, people } of rows) {
    await db
      .updateTable('recording_stays')
      .set({ name: erasedName })
      .where('recording_id', '=', id)
      .where('participant_id', 'in', participantIds)
      .execute()
    if (!people.some(({ participantId }) => theirs.has(participantId))) continue
    const named = people.map((one) => (theirs.has(one.participantId) ? { ...one, name: erasedName } : one))
    await db
      .updateTable('recordings')
      .set({ people: json(named) })
      .where('id', '=', id)
      .execute()
  }
}

const filesOf = (db: Db): ExportSection => ({
  section: 'files',
  async read({ userId }, after) {
    const rows = await db
      .selectFrom('files')
      .selectAll()
      .where('owner_id', '=', userId)
      .where('deleted_at', 'is', null)
      .where('id', '>', after === '' ? '00000000-0000-0000-0000-000000000000' : after)
      .orderBy('id')
      .limit(exportBatch)
      .execute()
    const items = rows.map((row) => ({
      id: row.id,
      purpose: row.purpose,
      meetingId: row.meeting_id,
      name: row.name,
      contentType: row.content_type,
      sizeBytes: row.size_bytes,
      createdAt: row.created_at.toISOString(),
    }))
    return { items, after: rows.length === exportBatch ? (rows.at(-1)?.id ?? null) : null }
  },
})
