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
  return { name: user.name, email: user.email, emailVerified: user.email_verified_at !== null }
}
