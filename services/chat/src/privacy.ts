import { erasedName, privacyBus } from '@parley/contracts'
import {
  respond,
  eraseSlice,
  exportBatch,
  exportSlice,
  untilDone,
  type Bus,
  type BusSubscription,
  type EraseStep,
  type ExportSection,
  type Logger,
} from '@parley/kit'
import { sql } from 'kysely'
import type { ChatDb } from './store.ts'

const queue = 'chat'

/** The answers to auth when a person is erased, or wants their data. */
export function answerPrivacy({ db, bus, log }: { db: ChatDb; bus: Bus; log: Logger }): BusSubscription[] {
  const steps = eraseSteps(db)
  return [
    respond(bus, privacyBus.eraseInChat, queue, (asked) => eraseSlice(steps, asked), log),
    respond(bus, privacyBus.exportFromChat, queue, (asked) => exportSlice([messagesOf(db)], asked), log),
    respond(bus, privacyBus.eraseFromNotices, queue, async (asked) => (await eraseFromNotices(db, asked), {}), log),
  ]
}

/** Messages of a person stay in their meetings, as said by a deleted user. */
const eraseSteps = (db: ChatDb): EraseStep[] => [
  untilDone(async ({ userId, alias }, limit) => {
    const changed = await db
      .updateTable('messages')
      .set({ sender_id: alias, sender_name: erasedName })
      .where('id', 'in', (eb) => eb.selectFrom('messages').select('id').where('sender_id', '=', userId).limit(limit))
      .executeTakeFirst()
    return Number(changed.numUpdatedRows)
  }),
  untilDone(async ({ userId }) => {
    await db.deleteFrom('kept_answers').where('holder', '=', userId).execute()
    return 0
  }),
]

async function eraseFromNotices(
  db: ChatDb,
  { meetingIds, name }: { meetingIds: readonly string[]; name: string },
): Promise<void> {
  if (meetingIds.length === 0 || name === '') return
  // As JSON has it, so that quotes in a name are found, and nothing but whole values is replaced.
  const written = JSON.stringify(name)
  await db
    .updateTable('messages')
    .set({
      text: sql`replace(text, ${name}, ${erasedName})`,
      system: sql`replace(system::text, ${written}, ${JSON.stringify(erasedName)})::jsonb`,
    })
    .where('type', '=', 'system')
    .where('meeting_id', 'in', meetingIds)
    .where(sql<boolean>`(strpos(text, ${name}) > 0 or strpos(system::text, ${written}) > 0)`)
    .execute()
}

const messagesOf = (db: ChatDb): ExportSection => ({
  section: 'messages',
  async read({ userId }, after) {
    const rows = await db
      .selectFrom('messages')
      .selectAll()
      .where('sender_id', '=', userId)
      .where('id', '>', after === '' ? '00000000-0000-0000-0000-000000000000' : after)
      .orderBy('id')
      .limit(exportBatch)
      .execute()
    const items = rows.map((row) => ({
      id: row.id,
      meetingId: row.meeting_id,
      seq: row.seq,
      text: row.text,
      file: row.file,
      sentAt: row.sent_at.toISOString(),
      editedAt: row.edited_at?.toISOString() ?? null,
      deletedAt: row.deleted_at?.toISOString() ?? null,
    }))
    return { items, after: rows.length === exportBatch ? (rows.at(-1)?.id ?? null) : null }
  },
})
