import { sql, type Transaction } from 'kysely'
import type { ChatDb } from './store.ts'
import type { ChatTables, MessageRow } from './tables.ts'

/** The change of a message: another text, or none. */
export type MessageChange = { kind: 'edit'; text: string } | { kind: 'delete' }

export interface Which {
  meetingId: string
  messageId: string
}

/**
 * Changes a message as `decide` says (null: it stays as it is), and gives it the meeting's next change number; answers
 * the row as it is then. The counter's lock puts the changes of a meeting in a row. So they are decided on what is stored and numbered without gaps. Nobody reads a number before those below it. `decide` may throw; nothing is
 * changed then.
 */
export const changeMessage = (
  db: ChatDb,
  which: Which,
  decide: (row: MessageRow | undefined) => MessageChange | null,
): Promise<{ row: MessageRow | undefined; changed: boolean }> =>
  db.transaction().execute(async (trx) => {
    const rev = await lockCounter(trx, which.meetingId)
    const row = await findMessage(trx, which)
    const change = decide(row)
    if (change === null) return { row, changed: false }
    return { row: await write(trx, which, { change, rev: rev + 1 }), changed: true }
  })

/** The number of the newest change; 0 also for a meeting without messages, which has no counter. */
async function lockCounter(trx: Transaction<ChatTables>, meetingId: string): Promise<number> {
  const counter = await trx
    .selectFrom('counters')
    .select('last_rev')
    .where('meeting_id', '=', meetingId)
    .forUpdate()
    .executeTakeFirst()
  return counter?.last_rev ?? 0
}

const findMessage = (trx: Transaction<ChatTables>, { meetingId, messageId }: Which): Promise<MessageRow | undefined> =>
  trx
    .selectFrom('messages')
    .selectAll()
    .where('id', '=', messageId)
    .where('meeting_id', '=', meetingId)
    .executeTakeFirst()

const now = sql<Date>`date_trunc('milliseconds', clock_timestamp())`

async function write(
  trx: Transaction<ChatTables>,
  { meetingId, messageId }: Which,
  { change, rev }: { change: MessageChange; rev: number },
): Promise<MessageRow> {
  await trx.updateTable('counters').set({ last_rev: rev }).where('meeting_id', '=', meetingId).execute()
  const columns = change.kind === 'edit' ? { text: change.text, edited_at: now } : { text: null, deleted_at: now }
  return trx
    .updateTable('messages')
    .set({ ...columns, rev })
    .where('id', '=', messageId)
    .returningAll()
    .executeTakeFirstOrThrow()
}
