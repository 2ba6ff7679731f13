import { meetingsBus } from '@parley/contracts'
import { ProblemError, publish } from '@parley/kit'
import type { Static } from 'typebox'
import { isInsider } from './behind-door.ts'
import type { Context } from './context.ts'
import { isOver } from './meeting.ts'
import { meetingFor } from './read.ts'

type Access = Static<(typeof meetingsBus.access)['output']>

/** The chat rights of a person who has been in a meeting. @throws ProblemError `not-found` for everybody else */
export async function chatAccess(
  context: Context,
  { meetingId, userId }: { meetingId: string; userId: string },
): Promise<Access> {
  const seen = await meetingFor(context, meetingId, userId)
  const { meeting, host, role, name } = seen
  const over = isOver(meeting.status)
  if (host) return { role: 'host', name: name ?? meeting.host_name, mayChat: true, over }
  if (!isInsider(seen) || role === null || name === null)
    throw new ProblemError('not-found', 'There is no such meeting')
  return { role, name, mayChat: meeting.settings.chat, over }
}

/** Services that remember a person's rights here ask anew; called after the commit. A hint, may be lost. */
export const tellAccess = (
  { bus }: Pick<Context, 'bus'>,
  { meetingId, userId }: { meetingId: string; userId: string },
) => publish(bus, meetingsBus.accessChanged, {}, { meetingId, userId })
