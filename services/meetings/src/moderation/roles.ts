import type { meetingsBus, Role } from '@parley/contracts'
import { plainly, ProblemError, type Once } from '@parley/kit'
import type { Static } from 'typebox'
import { tellAccess } from '../access.ts'
import { changing } from '../changing.ts'
import { now, roomBase, type Context } from '../context.ts'
import { lockOwned } from '../locked.ts'
import { isOver, toMeeting } from '../meeting.ts'
import { handedOverInWords, say } from '../notices.ts'
import { ownMeeting } from '../read.ts'
import { keepListed, setMember } from '../store/members.ts'
import { changeMeeting } from '../store/meetings.ts'
import { enqueueCommand } from '../store/outbox.ts'
import type { Db, MeetingRow } from '../tables.ts'
import { putMeetingEvents } from '../user-events/put.ts'
import { killTokensBy } from './join-tokens.ts'
import { knownUserOrThrow, type KnownUser } from './known-user.ts'

type RoleChange = Static<(typeof meetingsBus.setRole)['input']>
type Hands = Pick<RoleChange, 'meetingId' | 'by' | 'userId'>

/**
 * Gives somebody who is or was in the meeting another role, for as long as it exists; answers the role they have then.
 * `host` hands it over. @throws ProblemError `forbidden`, `not-found`, `meeting-over`
 */
export async function giveRole(context: Context, change: RoleChange): Promise<Role> {
  const { meetingId, by, userId, role } = change
  if (role === 'host') {
    await handOver(context, change)
    return role
  }
  await ownMeeting(context, meetingId, by)
  const at = now(context)
  const given = await changing(context, meetingId, async (trx) => {
    const { user } = await sidesOrThrow(trx, change, at)
    if (role === 'guest' && !user.guest) throw new ProblemError('forbidden', 'An account cannot be made a guest')
    const next = role === 'participant' && user.guest ? 'guest' : role
    await setMember(trx, user, { role: next, ...(next === 'cohost' ? { admitted_at: at } : {}) })
    if (next !== 'cohost') await killTokensBy(trx, user, at)
    await enqueueCommand(trx, meetingId, { kind: 'role', userId, role: next }, at)
    return next
  })
  context.wakeRelay()
  tellAccess(context, change)
  return given
}

/** Makes somebody else the host; the host of before becomes cohost. @throws ProblemError as `giveRole` */
export async function handOver(
  context: Context,
  hands: Hands,
  once: Once<MeetingRow> = plainly(),
): Promise<MeetingRow> {
  const { meetingId, by, userId } = hands
  await ownMeeting(context, meetingId, by)
  const changed = await changing(context, meetingId, (trx) => once.in(trx, () => handOverIn(trx, context, hands)))
  context.wakeRelay()
  context.wakeTeller()
  context.tellLobby(meetingId, changed.lobby_version)
  for (const whose of [by, userId]) tellAccess(context, { meetingId, userId: whose })
  return changed
}

async function handOverIn(trx: Db, context: Context, hands: Hands): Promise<MeetingRow> {
  const { meetingId, by, userId } = hands
  const at = now(context)
  const { meeting, user } = await sidesOrThrow(trx, hands, at)
  if (user.guest) throw new ProblemError('forbidden', 'A guest cannot be the host')
  const row = await changeMeeting(trx, meetingId, { host_id: userId, host_name: user.name, updated_at: at }, null)
  if (row === undefined) throw new ProblemError('meeting-over')
  const before = { meetingId, userId: by, name: meeting.host_name, guest: false }
  await setMember(trx, before, { role: 'cohost', admitted_at: at })
  await setMember(trx, user, { admitted_at: at })
  // The new host may have made participants; cohosts only the host makes.
  await killTokensBy(trx, before, at, 'cohost')
  await keepListed(trx, meeting, by)
  await enqueueCommand(trx, meetingId, { kind: 'meeting-updated', meeting: toMeeting(row, roomBase(context, row)) }, at)
  await enqueueCommand(trx, meetingId, { kind: 'role', userId, role: 'host' }, at)
  await enqueueCommand(trx, meetingId, { kind: 'role', userId: by, role: 'cohost' }, at)
  await putMeetingEvents(trx, context, [{ type: 'meeting.updated', meeting: row }])
  await say(trx, row, handedOverInWords(meeting.host_name, user.name), at)
  return row
}

/** In a transaction: the locked meeting of the host who asks, and the other one, who is no stranger to it. */
async function sidesOrThrow(
  trx: Db,
  { meetingId, by, userId }: Hands,
  at: Date,
): Promise<{ meeting: MeetingRow; user: KnownUser }> {
  const meeting = await lockOwned(trx, meetingId, by)
  if (isOver(meeting.status)) throw new ProblemError('meeting-over')
  const user = await knownUserOrThrow(trx, meeting, userId, at)
  if (user.role === 'host') throw new ProblemError('forbidden', 'The host gives the role to somebody else')
  if (!user.inside) throw new ProblemError('not-found', 'No one with this id was admitted to the meeting')
  return { meeting, user }
}
