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
    (status = 'live' and empty_since < ${emptyBefore} and coalesce(${planned} <= ${at}, true))`
  const expired: Expression<SqlBool> = sql<SqlBool>`
    (greatest(coalesce(started_at, created_at), scheduled_at) < ${expiredBefore})`
  return db
    .selectFrom('meetings')
    .select(['id', sql<Due['reason']>`case when ${empty} then 'empty' else 'expired' end`.as('reason')])
    .where('status', 'in', ['scheduled', 'waiting', 'live'])
    .where((eb) => eb.or([empty, expired]))
    .orderBy('id')
    .limit(limit)
    .forUpdate()
    .skipLocked()
    .execute()
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

/** Whether the database answers. Rejects when it does not. */
export async function ping(db: Db): Promise<true> {
  await sql`select 1`.execute(db)
  return true
}
