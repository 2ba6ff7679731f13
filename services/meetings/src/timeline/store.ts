import type { TimelineNote } from '@parley/contracts'
import { json } from '@parley/kit'
import { sql } from 'kysely'
import type { Db } from '../tables.ts'
import type { TimelineRow } from './tables.ts'

/** A note of this service may know the meeting by its code only. */
export type Note = Omit<TimelineNote, 'meetingId'> & ({ meetingId: string } | { code: string })

/** Of one meeting; later notes are left out. */
const mostNotes = 5_000
/** Anybody can be refused at the door of any meeting: these leave room for the others. */
const mostOfNobody = 500

/** Writes notes down, each once; those of meetings that are unknown, or have enough, are left out. */
export async function keepNotes(db: Db, notes: readonly Note[]): Promise<void> {
  if (notes.length === 0) return
  await sql`
    insert into meetings.timeline (id, meeting_id, at, kind, outcome, user_id, participant_id, target_id, request_id, node)
    select n.id, m.id, n.at, n.kind, n.outcome, n."userId", n."participantId", n."targetId", n."requestId", n.node
    from jsonb_to_recordset(${json(notes)}) as n(
      id uuid, "meetingId" uuid, code text, at timestamptz, kind text, outcome text, "userId" uuid, "participantId" uuid,
      "targetId" uuid, "requestId" text, node text)
    join meetings.meetings m on m.id = n."meetingId" or m.code = lower(n.code)
    where (select count(*) from (
        select 1 from meetings.timeline t where t.meeting_id = m.id limit ${mostNotes}) kept)
      < case when n.kind = 'handshake' and n."userId" is null then ${sql.lit(mostOfNobody)} else ${sql.lit(mostNotes)} end
    on conflict (id) do nothing`.execute(db)
}

/** The newest notes of a meeting, oldest first. */
export async function listNotes(db: Db, meetingId: string, limit: number): Promise<TimelineRow[]> {
  const newest = await db
    .selectFrom('timeline')
    .selectAll()
    .where('meeting_id', '=', meetingId)
    .orderBy('at', 'desc')
    .limit(limit)
    .execute()
  return newest.reverse()
}

/** Forgets notes from before `before`; true if there may be more. */
export async function forgetNotes(db: Db, before: Date, limit: number): Promise<boolean> {
  const old = db.selectFrom('timeline').select('id').where('at', '<', before).limit(limit)
  const { numDeletedRows } = await db.deleteFrom('timeline').where('id', 'in', old).executeTakeFirst()
  return Number(numDeletedRows) === limit
}
