import type { Revocation } from '@parley/contracts'
import { sql } from 'kysely'
import type { Db, RevocationRow } from '../tables.ts'

/** Part of the transaction that revokes. */
export async function insertRevocation(trx: Db, { kind, id, epoch }: Omit<Revocation, 'at'>): Promise<Revocation> {
  const values = { kind, subject_id: id, epoch: epoch ?? null }
  return revocationOf(await trx.insertInto('revocations').values(values).returningAll().executeTakeFirstOrThrow())
}

/** Part of the transaction that ends these sessions. */
export async function insertSessionRevocations(trx: Db, ids: readonly string[]): Promise<Revocation[]> {
  if (ids.length === 0) return []
  const values = ids.map((id) => ({ kind: 'session', subject_id: id, epoch: null }) as const)
  return (await trx.insertInto('revocations').values(values).returningAll().execute()).map(revocationOf)
}

/** At most `limit` revocations since `sinceMs`, oldest first, and the database's time when they were read. */
export async function readRevocations(
  db: Db,
  sinceMs: number,
  limit: number,
): Promise<{ items: Revocation[]; now: number }> {
  const time = await sql<{ now: Date }>`select now() as now`.execute(db)
  const rows = await db
    .selectFrom('revocations')
    .selectAll()
    .where('at', '>=', new Date(sinceMs))
    .orderBy('at')
    .orderBy('seq')
    .limit(limit)
    .execute()
  return { items: rows.map(revocationOf), now: time.rows[0]?.now.getTime() ?? 0 }
}

const revocationOf = ({ kind, subject_id, epoch, at }: RevocationRow): Revocation => ({
  kind,
  id: subject_id,
  at: at.getTime(),
  ...(epoch === null ? {} : { epoch }),
})
