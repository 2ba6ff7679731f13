import type { JoinTokenInfo, moderationOperations } from '@parley/contracts'
import { newId, ProblemError, type Call, type Once } from '@parley/kit'
import { now, type Context } from '../context.ts'
import { isOver } from '../meeting.ts'
import { meetingFor } from '../read.ts'
import { moderatedMeeting } from '../moderated.ts'
import { hashOf, newRoomToken } from '../room-token.ts'
import { countJoinTokens, insertJoinToken, revokeToken } from '../store/join-tokens.ts'
import type { JoinTokenRow } from '../tables-admission.ts'

const daySeconds = 86_400
const maxTokens = 500

interface NewToken {
  meetingId: string
  by: string
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
  const { status } = await moderatedMeeting(context, meetingId, by)
  const { role = 'participant', uses = 1, expiresInSeconds = daySeconds } = body
  if (role === 'cohost' && !(await meetingFor(context, meetingId, by)).host)
    throw new ProblemError('forbidden', 'Only the host makes co-hosts')
  if (isOver(status)) throw new ProblemError('meeting-over')
  const at = now(context)
  if ((await countJoinTokens(context.db, meetingId, at)) >= maxTokens)
    throw new ProblemError('wrong-state', `A meeting has at most ${maxTokens} join tokens: revoke some`)
  const joinToken = newRoomToken()
  const row = {
    id: newId(),
    meeting_id: meetingId,
    hash: hashOf(joinToken),
    role,
    uses,
    uses_left: uses,
    created_by: by,
    created_at: at,
    expires_at: new Date(at.getTime() + expiresInSeconds * 1000),
    revoked_at: null,
  }
  return once.transaction(context.db, async (db) => {
    await insertJoinToken(db, row)
    return { ...toTokenInfo(row), joinToken }
  })
}

export const toTokenInfo = (row: JoinTokenRow): JoinTokenInfo => ({
  id: row.id,
  role: row.role,
  createdAt: row.created_at.toISOString(),
  expiresAt: row.expires_at.toISOString(),
  uses: row.uses,
  usesLeft: row.uses_left,
})

/** @throws ProblemError `forbidden`, `not-found` */
export async function revokeJoinToken(
  context: Context,
  { meetingId, by, tokenId }: { meetingId: string; by: string; tokenId: string },
): Promise<void> {
  await moderatedMeeting(context, meetingId, by)
  if (!(await revokeToken(context.db, { meetingId, tokenId, at: now(context) })))
    throw new ProblemError('not-found', 'There is no such join token')
}
