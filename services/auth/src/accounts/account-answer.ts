import type { authBus } from '@parley/contracts'
import { ProblemError } from '@parley/kit'
import type { Static } from 'typebox'
import type { Db } from '../tables.ts'
import { findUser } from './store.ts'

type Account = Static<(typeof authBus.account)['output']>

/** An account as other services may know it. @throws ProblemError `not-found` for guests and unknown ids */
export async function accountOf(db: Db, userId: string): Promise<Account> {
  const user = await findUser(db, userId)
  if (user === undefined || user.email === null) throw new ProblemError('not-found', 'There is no such account')
  return {
    name: user.name,
    email: user.email,
    emailVerified: user.email_verified_at !== null,
    ...(user.avatar_file_id === null ? {} : { avatarFileId: user.avatar_file_id }),
  }
}

/** Which of these are nobody (any more). */
export async function goneOf(db: Db, userIds: readonly string[]): Promise<string[]> {
  if (userIds.length === 0) return []
  const rows = await db.selectFrom('users').select('id').where('id', 'in', userIds).execute()
  const there = new Set(rows.map(({ id }) => id))
  return userIds.filter((id) => !there.has(id))
}
