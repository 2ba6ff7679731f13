import { ProblemError } from '@parley/kit'
import { now, type Context } from './context.ts'
import { hashOf } from './room-token.ts'
import { findJoinToken, holdsUse, takeUse } from './store/join-tokens.ts'
import { grantRole, type MeetingUser } from './store/members.ts'
import type { Db } from './tables.ts'
import type { JoinTokenRow } from './tables-admission.ts'

export const invalidToken = (): ProblemError => new ProblemError('join-token-invalid')

export interface HeldToken {
  token: JoinTokenRow
  /** Whether this person has taken a use of it before: it then gives no role again. */
  held: boolean
}

/** The join token that somebody brings. @throws ProblemError `join-token-invalid` unless they hold or may take a use */
export async function tokenOrThrow(context: Context, joinToken: string, userId: string): Promise<HeldToken> {
  const token = await findJoinToken(context.db, hashOf(joinToken), now(context))
  if (token === undefined) throw invalidToken()
  const held = await holdsUse(context.db, { tokenId: token.id, userId })
  if (!held && token.uses_left === 0) throw invalidToken()
  return { token, held }
}

/** In a transaction: takes a use, once per person, and gives what the token gives. @throws ProblemError `join-token-invalid` */
export async function spendUse(trx: Db, token: JoinTokenRow, user: MeetingUser, at: Date): Promise<void> {
  const use = await takeUse(trx, { tokenId: token.id, userId: user.userId, at })
  if (use === 'none') throw invalidToken()
  if (use === 'taken') await grantRole(trx, user, token, at)
}
