import { sql, type Expression, type SqlBool } from 'kysely'
import type { Db, EndReason } from '../tables.ts'

export interface Due {
  id: string
  reason: Extract<EndReason, 'empty' | 'expired'>
}
interface Limits {
  at: Date
  emptyBefore: Date
  /** Meetings whose time began before this have expired. */
  expiredBefore: Date
  limit: number
}

/** Locks meetings that are due to end; those that another replica has locked are left to it. */
export function lockDue(db: Db, { at, emptyBefore, expiredBefore, limit }: Limits): Promise<Due[]> {
  // A scheduled meeting that everybody left stays open for as long as it was planned.
  const planned = sql<Date | null>`scheduled_at + make_interval(mins => coalesce(duration_minutes, 0))`
  const empty: Expression<SqlBool> = sql<SqlBool>`
    (empty_since < ${emptyBefore} and coalesce(${planned} <= ${at}, true))`
  const expired: Expression<SqlBool> = sql<SqlBool>`
    (greatest(coalesce(started_at, created_at), scheduled_at) < ${expiredBefore})`
  return (
    db
      .selectFrom('meetings')
      .select(['id', sql<Due['reason']>`case when ${empty} then 'empty' else 'expired' end`.as('reason')])
      .where('status', 'in', ['scheduled', 'waiting', 'live'])
      .where((eb) => eb.or([empty, expired]))
      // In no order: by their ids the planner would walk all meetings there are.
      .limit(limit)
      .forUpdate()
      .skipLocked()
      .execute()
  )
}

/** A scheduled meeting whose time has come waits for its first participant. */
export async function openScheduled(db: Db, at: Date): Promise<void> {
  await db
    .updateTable('meetings')
    .set({ status: 'waiting' })
    .where('status', '=', 'scheduled')
    .where('scheduled_at', '<=', at)
    .execute()
}

/** The rows swept in one statement: it stays far below the statement's time limit. */
const batch = 500

/** Forgets who waited in a lobby and was not seen since `before`: what was decided on them is kept with the members. */
export async function forgetLobbyEntries(db: Db, before: Date): Promise<void> {
  await db.transaction().execute(async (trx) => {
    const old = await trx
      .selectFrom('lobby_entries')
      .select('participant_id')
      .where('seen_at', '<', before)
      .where('status', '!=', 'waiting')
      .limit(batch)
      .forUpdate()
      .skipLocked()
      .execute()
    if (old.length === 0) return
    // By their ids: a plan for both at once may walk the table.
    const ids = old.map(({ participant_id: id }) => id)
    await trx.deleteFrom('lobby_entries').where('participant_id', 'in', ids).execute()
  })
}

/** Forgets join tokens that ran out before `before`, and who used them; what they gave stays. */
export async function forgetJoinTokens(db: Db, before: Date): Promise<void> {
  await db.transaction().execute(async (trx) => {
    const old = await trx
      .selectFrom('join_tokens')
      .select('id')
      .where('expires_at', '<', before)
      .limit(batch)
      .forUpdate()
      .skipLocked()
      .execute()
    if (old.length === 0) return
    const ids = old.map(({ id }) => id)
    await trx.updateTable('members').set({ join_token: null }).where('join_token', 'in', ids).execute()
    await trx.deleteFrom('join_token_uses').where('token_id', 'in', ids).execute()
    await trx.deleteFrom('join_tokens').where('id', 'in', ids).execute()
  })
}

/** Whether the database answers. Rejects when it does not. */
export async function ping(db: Db): Promise<true> {
  await sql`select 1`.execute(db)
  return true
}
