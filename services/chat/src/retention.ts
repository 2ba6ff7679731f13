import type { ChatDb } from './store.ts'

const batch = 500

/**
 * Deletes messages of before a time, a batch at a time; one with a file only counts as deleted first, for media has to be told of the
 * file. True if there may be more. Numbers are not given anew.
 */
export async function forgetMessages(db: ChatDb, before: Date, at: Date): Promise<boolean> {
  const old = db.selectFrom('messages').select('id').where('sent_at', '<', before)
  const marked = await db
    .updateTable('messages')
    .set({ deleted_at: at, text: null })
    .where('id', 'in', old.where('file', 'is not', null).where('deleted_at', 'is', null).limit(batch))
    .executeTakeFirst()
  const gone = await db
    .deleteFrom('messages')
    .where('id', 'in', old.where('file', 'is', null).limit(batch))
    .executeTakeFirst()
  return Number(marked.numUpdatedRows) === batch || Number(gone.numDeletedRows) === batch
}
