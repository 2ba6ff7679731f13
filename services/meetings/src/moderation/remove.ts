import type { meetingsBus } from '@parley/contracts'
import { plainly, ProblemError, type Once } from '@parley/kit'
import type { Static } from 'typebox'
import { tellAccess } from '../access.ts'
import { changing } from '../changing.ts'
import { now, type Context } from '../context.ts'
import { lockLed, lockOrThrow } from '../locked.ts'
import { moderatedMeeting } from '../moderated.ts'
import { removedInWords, say } from '../notices.ts'
import { belongsTo, meetingFor } from '../read.ts'
import { settleIn } from '../lobby/settle.ts'
import { countLobby, findEntry, removeEntry } from '../store/lobby.ts'
import { liftBan, removedAmong, setMember } from '../store/members.ts'
import { enqueueCommand } from '../store/outbox.ts'
import { killRoomTokens } from '../store/room-tokens.ts'
import type { Db } from '../tables.ts'
import { killTokensBy } from './join-tokens.ts'
import { knownUserOrThrow } from './known-user.ts'

type Removal = Static<(typeof meetingsBus.remove)['input']>
/** The lobby's new version, null if it looks as before. */
type Left = number | null

/**
 * Sends somebody out of a meeting or its lobby. It is written down, and their room tokens are dead, before the room is
 * told. @throws ProblemError `forbidden`, `not-found`
 */
export async function removeUser(context: Context, removal: Removal, once: Once<Left> = plainly()): Promise<void> {
  const { meetingId, by } = removal
  await moderatedMeeting(context, meetingId, by)
  const lv = await changing(context, meetingId, (trx) => once.in(trx, () => removeIn(trx, removal, now(context))))
  context.wakeRelay()
  tellAccess(context, removal)
  if (lv !== null) context.tellLobby(meetingId, lv)
}

async function removeIn(trx: Db, { meetingId, by, userId, ban }: Removal, at: Date): Promise<number | null> {
  const { meeting, role: byRole } = await lockLed(trx, { meetingId, by }, at)
  const { role, name, guest, inside } = await knownUserOrThrow(trx, meeting, userId, at)
  if (role === 'host') throw new ProblemError('forbidden', 'The host cannot be removed')
  if (role === 'cohost' && byRole !== 'host') throw new ProblemError('forbidden', 'Only the host removes a cohost')
  const whom = { meetingId, userId }
  const gone = { role: null, admitted_at: null, must_wait: true }
  await setMember(trx, { ...whom, name, guest }, ban ? { ...gone, banned_at: at, banned_by: by } : gone)
  await killRoomTokens(trx, whom)
  await killTokensBy(trx, whom, at)
  const entry = await findEntry(trx, whom)
  await removeEntry(trx, { ...whom, by, at })
  await enqueueCommand(trx, meetingId, { kind: 'remove', userId, by, reason: ban ? 'banned' : 'removed' }, at)
  if (inside) await say(trx, meeting, removedInWords((await knownUserOrThrow(trx, meeting, by, at)).name, name), at)
  return entry?.status === 'waiting' ? countLobby(trx, meetingId) : null
}

/** Takes a ban back: whoever it was may ask in the lobby again. @throws ProblemError `forbidden`, `not-found` */
export async function unbanUser(
  context: Context,
  { meetingId, by, userId }: { meetingId: string; by: string; userId: string },
): Promise<void> {
  await moderatedMeeting(context, meetingId, by)
  await changing(context, meetingId, async (trx) => {
    await lockLed(trx, { meetingId, by }, now(context))
    if (!(await liftBan(trx, { meetingId, userId })))
      throw new ProblemError('not-found', 'No one with this id is banned')
  })
}

/** One leaves the room and the lobby, on all devices. @throws ProblemError `not-found` */
export async function leaveMeeting(context: Context, id: string, userId: string, once: Once<Left>): Promise<void> {
  const seen = await meetingFor(context, id, userId)
  if (!seen.host && !(await belongsTo(context, seen, userId)))
    throw new ProblemError('not-found', 'There is no such meeting')
  const at = now(context)
  const lv = await changing(context, id, (trx) =>
    once.in(trx, async () => {
      await lockOrThrow(trx, id)
      // A removed person is on the way out already, and is told so, not that they left.
      if ((await removedAmong(trx, id, [userId])).length === 0)
        await enqueueCommand(trx, id, { kind: 'remove', userId, reason: 'left' }, at)
      return settleIn(trx, id, { userId }, { status: 'left', decided_by: null, decided_at: at })
    }),
  )
  context.wakeRelay()
  if (lv !== null) context.tellLobby(id, lv)
}
