import { joinTokenDefaults, type JoinTokenInfo, type moderationOperations, type Principal } from '@parley/contracts'
import { newId, ProblemError, type Call, type Once } from '@parley/kit'
import { now, type Context } from '../context.ts'
import { isOver } from '../meeting.ts'
import { changing } from '../changing.ts'
import { lockLed } from '../locked.ts'
import { moderatedMeeting } from '../moderated.ts'
import { hashOf, newRoomToken } from '../room-token.ts'
import { countJoinTokens, forgetUses, insertJoinToken, revokeTokens } from '../store/join-tokens.ts'
import type { Db } from '../tables.ts'
import type { GivenRole, JoinTokenRow } from '../tables-admission.ts'

const maxTokens = 500

interface NewToken {
  meetingId: string
  by: Pick<Principal, 'userId' | 'kind' | 'name'>
  body: Call<typeof moderationOperations.createJoinToken>['body']
}
export type MadeToken = JoinTokenInfo & { joinToken: string }

/**
 * Makes a join token, whose secret is shown this once. @throws ProblemError `forbidden`, `not-found`, `meeting-over`,
 * `wrong-state` when there are too many
 */
export async function createJoinToken(
  context: Context,
  { meetingId, by, body }: NewToken,
  once: Once<MadeToken>,
): Promise<MadeToken> {
  await moderatedMeeting(context, meetingId, by.userId)
  const expiresBy = { expiresInSeconds: context.config.JOIN_TOKEN_TTL_HOURS * 3_600 }
  const { role, uses, expiresInSeconds } = { ...joinTokenDefaults, ...expiresBy, ...body }
  const at = now(context)
  const joinToken = newRoomToken()
  const row: JoinTokenRow = {
    id: newId(),
    meeting_id: meetingId,
    hash: hashOf(joinToken),
    role,
    uses,
    uses_left: uses,
    created_by: by.userId,
    created_by_name: await context.names.of(by),
    created_at: at,
    expires_at: new Date(at.getTime() + expiresInSeconds * 1000),
    revoked_at: null,
  }
  return changing(context, meetingId, (trx) =>
    once.in(trx, async () => {
      await insertIn(trx, row)
      return { ...toTokenInfo(row), joinToken }
    }),
  )
}

async function insertIn(trx: Db, row: JoinTokenRow): Promise<void> {
  const { meeting_id: meetingId, created_by: by, created_at: at } = row
  const { meeting, role } = await lockLed(trx, { meetingId, by }, at)
  if (row.role === 'cohost' && role !== 'host') throw new ProblemError('forbidden', 'Only the host makes cohosts')
  if (isOver(meeting.status)) throw new ProblemError('meeting-over')
  if ((await countJoinTokens(trx, meetingId, at)) >= maxTokens)
    throw new ProblemError('wrong-state', `A meeting has at most ${maxTokens} join tokens: revoke some`)
  await insertJoinToken(trx, row)
}

export const toTokenInfo = (row: JoinTokenRow): JoinTokenInfo => ({
  id: row.id,
  role: row.role,
  createdAt: row.created_at.toISOString(),
  expiresAt: row.expires_at.toISOString(),
  uses: row.uses,
  usesLeft: row.uses_left,
  createdBy: { userId: row.created_by, name: row.created_by_name },
})

/** @throws ProblemError `forbidden`, `not-found` */
export async function revokeJoinToken(
  context: Context,
  { meetingId, by, tokenId }: { meetingId: string; by: string; tokenId: string },
): Promise<void> {
  await moderatedMeeting(context, meetingId, by)
  const at = now(context)
  await changing(context, meetingId, async (trx) => {
    await lockLed(trx, { meetingId, by }, at)
    if ((await killTokens(trx, { meetingId, tokenId }, at)) === 0)
      throw new ProblemError('not-found', 'There is no such join token')
  })
}

/**
 * In a transaction: the join tokens of somebody who may not make such any more open nothing from now on; with a role, those that
 * give it.
 */
export async function killTokensBy(
  trx: Db,
  { meetingId, userId }: { meetingId: string; userId: string },
  at: Date,
  role?: GivenRole,
): Promise<void> {
  await killTokens(trx, { meetingId, createdBy: userId, ...(role === undefined ? {} : { role }) }, at)
}

/** Answers how many there were. Nor do they open anything to people who took a use of one and have not been inside. */
async function killTokens(trx: Db, which: Parameters<typeof revokeTokens>[1], at: Date): Promise<number> {
  const ids = await revokeTokens(trx, which, at)
  await forgetUses(trx, ids)
  return ids.length
}
