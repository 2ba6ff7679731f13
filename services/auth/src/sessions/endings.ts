import type { Revocation } from '@parley/contracts'
import { raiseEpoch } from '../accounts/store.ts'
import { insertRevocation, insertSessionRevocations } from '../revocations/store.ts'
import type { Db } from '../tables.ts'
import { endSessionsOf } from './store.ts'

/** Part of a transaction: ends every session of a user and every access token so far. To be told after the commit. */
export async function endEverySession(trx: Db, userId: string, at: Date): Promise<Revocation[]> {
  const epoch = await raiseEpoch(trx, userId)
  if (epoch === undefined) return []
  await endSessionsOf(trx, userId, at)
  return [await insertRevocation(trx, { kind: 'user', id: userId, epoch })]
}

/** Part of a transaction: ends every session of a user but one. To be told after the commit. */
export async function endOtherSessions(trx: Db, userId: string, keep: string, at: Date): Promise<Revocation[]> {
  return insertSessionRevocations(trx, await endSessionsOf(trx, userId, at, keep))
}
