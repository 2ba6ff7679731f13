import { isProblem, ProblemError } from '@parley/kit'
import type { Context } from './context.ts'
import { invalidToken, tokenOrThrow, type HeldToken } from './join-token.ts'
import { meetingByCodeFor, meetingFor, type MeetingView } from './read.ts'

interface Door {
  seen: MeetingView
  byCode: boolean
  joinToken?: HeldToken
}

/**
 * The meeting that a code or a join token opens, which of the two it takes. @throws ProblemError `not-found`,
 * `join-token-invalid`, and `invalid-input` unless there is exactly one
 */
export async function doorOf(
  context: Context,
  { code, joinToken }: { code: string | undefined; joinToken: string | undefined },
  userId: string,
): Promise<Door> {
  if (code !== undefined && joinToken !== undefined) throw fault('/joinToken', 'must be absent where there is a code')
  if (code !== undefined) return { seen: await meetingByCodeFor(context, code, userId), byCode: true }
  if (joinToken === undefined) throw fault('/code', 'is required, or else joinToken')
  const held = await tokenOrThrow(context, joinToken, userId)
  return { seen: await meetingOf(context, held, userId), byCode: false, joinToken: held }
}

async function meetingOf(context: Context, { token }: HeldToken, userId: string): Promise<MeetingView> {
  try {
    return await meetingFor(context, token.meeting_id, userId)
  } catch (error) {
    throw isProblem(error, 'not-found') ? invalidToken() : error
  }
}

const fault = (path: string, message: string): ProblemError =>
  new ProblemError('invalid-input', undefined, { errors: [{ path, message }] })
