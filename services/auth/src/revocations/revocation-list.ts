import type { Revocation } from '@parley/contracts'
import type { Db } from '../tables.ts'
import { readRevocations } from './store.ts'

/** The number that fits one message of the bus (512 KiB) at about 120 bytes each. */
const maxItems = 4000

/** No date that PostgreSQL or JavaScript cannot hold. */
const latest = Date.UTC(9999, 0)

/**
 * The revocations since a time. With more than one answer holds, its time is that of the last one it gives. The next poll goes on from there.
 */
export async function listRevocations(db: Db, since: number): Promise<{ items: Revocation[]; now: number }> {
  const { items, now } = await readRevocations(db, Math.min(Math.max(0, since), latest), maxItems)
  const last = items.at(-1)
  return { items, now: items.length === maxItems && last !== undefined ? last.at : now }
}
