import type { FileReference, SystemNotice } from '@parley/contracts'
import { json } from '@parley/kit'
import { sql, type Kysely, type RawBuilder } from 'kysely'
import type { ChangesPage, Page, RangePage } from './page.ts'
import type { ChatTables, MessageRow } from './tables.ts'

export type ChatDb = Kysely<ChatTables>

/** A message that has no number yet; its JSON is what the database reads. */
export interface NewRow {
  id: string
  meeting_id: string
  sender_id: string
  sender_name: string
  sender_guest: boolean
  client_message_id: string
  text: string | null
  type: 'text' | 'system' | 'file'
  file: FileReference | null
  system: SystemNotice | null
}

/** `created`: by this statement; otherwise it was there before. */
export type StoredRow = MessageRow & { created: boolean }

/**
 * Numbers and stores messages in one statement, which is one transaction: each meeting's get the next numbers in the
 * order of `rows`. Messages that are already there (by meeting, sender and client id) come back as they are and take no number. No two rows
 * may have the same key.
 *
 * `wait` waits for the counters of meetings that another process writes to, and makes missing ones; for one meeting
 * only, so that nobody waits in a circle. `skip` leaves out the meetings whose counter is taken or missing: no row of
 * them comes back.
 *
 * A key that somebody else stored between this statement's snapshot and its lock is a unique violation: nothing was
 * stored then, and the same call will find it.
 */
export async function append(db: ChatDb, rows: readonly NewRow[], ifTaken: 'wait' | 'skip'): Promise<StoredRow[]> {
  const claim = ifTaken === 'wait' ? claimWaiting : claimFree([...new Set(rows.map((row) => row.meeting_id))])
  const result = await sql<StoredRow>`
    with input as materialized (
      select * from rows from (
        jsonb_to_recordset(${json(rows)}) as (
          id uuid, meeting_id uuid, sender_id uuid, sender_name text, sender_guest boolean, client_message_id text,
          text text, type text, file jsonb, system jsonb
        )
      ) with ordinality
        as i(id, meeting_id, sender_id, sender_name, sender_guest, client_message_id, text, type, file, system, place)
    ), known as materialized (
      select m.* from input i join chat.messages m using (meeting_id, sender_id, client_message_id)
    ), fresh as materialized (
      select i.*, row_number() over (partition by i.meeting_id order by i.place) as number
      from input i
      where not exists (
        select from known k
        where (k.meeting_id, k.sender_id, k.client_message_id) = (i.meeting_id, i.sender_id, i.client_message_id)
      )
    ), counted as materialized (
      select meeting_id, count(*) as added from fresh group by meeting_id
    ), claimed as (${claim}), stored as (
      insert into chat.messages
        (id, meeting_id, seq, type, text, file, system, sender_id, sender_name, sender_guest, client_message_id, sent_at)
      select f.id, f.meeting_id, c.last_seq - n.added + f.number, f.type, f.text, f.file, f.system, f.sender_id, f.sender_name,
        f.sender_guest, f.client_message_id, date_trunc('milliseconds', clock_timestamp())
      from fresh f join claimed c using (meeting_id) join counted n using (meeting_id)
      returning *
    )
    select k.*, false as created from known k
    union all
    select s.*, true as created from stored s`.execute(db)
  return result.rows
}

const claimWaiting: RawBuilder<unknown> = sql`
  insert into chat.counters as c (meeting_id, last_seq)
  select meeting_id, added from counted
  on conflict (meeting_id) do update set last_seq = c.last_seq + excluded.last_seq
  returning c.meeting_id, c.last_seq`

/** The ids once more as an array: by `counted`, whose size the planner can't know, it would read the whole table. */
const claimFree = (meetingIds: readonly string[]): RawBuilder<unknown> => sql`
  with free as materialized (
    select c.meeting_id, n.added
    from chat.counters c join counted n using (meeting_id)
    where c.meeting_id = any(${meetingIds}::uuid[])
    for update of c skip locked
  )
  update chat.counters c set last_seq = c.last_seq + free.added
  from free
  where c.meeting_id = free.meeting_id
  returning c.meeting_id, c.last_seq`

/** Numbers of the newest message and of the newest change, 0 if there is none. */
export async function readHead(db: ChatDb, meetingId: string): Promise<{ seq: number; rev: number }> {
  const row = await db.selectFrom('counters').selectAll().where('meeting_id', '=', meetingId).executeTakeFirst()
  return { seq: row?.last_seq ?? 0, rev: row?.last_rev ?? 0 }
}

export interface Head {
  meetingId: string
  seq: number
  rev: number
}

/** The same of many meetings; those without messages are left out. */
export async function readHeads(db: ChatDb, meetingIds: readonly string[]): Promise<Head[]> {
  const { rows } = await sql<Head>`
    select meeting_id as "meetingId", last_seq as seq, last_rev as rev
    from chat.counters where meeting_id = any(${meetingIds}::uuid[])`.execute(db)
  return rows
}

/** The messages of a page in its direction, and one more if there are more. */
export const readPage = (db: ChatDb, meetingId: string, page: Page): Promise<MessageRow[]> =>
  page.direction === 'changes' ? readChanges(db, meetingId, page) : readRange(db, meetingId, page)

/** By rising number of the change, as they are now: one that was changed twice comes once. */
const readChanges = (db: ChatDb, meetingId: string, { since, limit }: ChangesPage): Promise<MessageRow[]> =>
  db
    .selectFrom('messages')
    .selectAll()
    .where('meeting_id', '=', meetingId)
    .where('rev', '>', since)
    // Said once more for the planner: the index has only those.
    .where('rev', '>', 0)
    .orderBy('rev')
    .limit(limit + 1)
    .execute()

function readRange(db: ChatDb, meetingId: string, { range, direction, limit }: RangePage): Promise<MessageRow[]> {
  let query = db.selectFrom('messages').selectAll().where('meeting_id', '=', meetingId)
  if (range.afterSeq !== undefined) query = query.where('seq', '>', range.afterSeq)
  if (range.beforeSeq !== undefined) query = query.where('seq', '<', range.beforeSeq)
  if (range.after !== undefined) query = query.where('sent_at', '>', new Date(range.after))
  if (range.before !== undefined) query = query.where('sent_at', '<', new Date(range.before))
  return query
    .orderBy('seq', direction === 'forward' ? 'asc' : 'desc')
    .limit(limit + 1)
    .execute()
}

/** Rejects when the database does not answer. */
export const ping = async (db: ChatDb): Promise<void> => void (await sql`select 1`.execute(db))
