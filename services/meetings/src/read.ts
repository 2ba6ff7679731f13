import type { Principal, Role } from '@parley/contracts'
import { newId, ProblemError } from '@parley/kit'
import { maySee } from './admission.ts'
import { now, type Context } from './context.ts'
import { isInvited } from './invites/invited.ts'
import { leads, roleIn } from './role.ts'
import { findMember } from './store/members.ts'
import { findMeeting, findMeetingByCode } from './store/meetings.ts'
import { standingOf, type Standing } from './store/room-tokens.ts'
import type { MeetingRow } from './tables.ts'
import type { MemberRow } from './tables-admission.ts'

export interface Seen {
  meeting: MeetingRow
  host: boolean
  /** As of now; null for who has none in this meeting. */
  role: Role | null
  standing: Standing
  member: MemberRow | undefined
  /** Has been in it, was let in, or is invited where not everybody is; and is not banned. */
  belongs: boolean
}

const unknown = () => new ProblemError('not-found', 'There is no such meeting')

/** A meeting and how somebody stands to it. @throws ProblemError `not-found` */
export async function meetingFor(context: Context, id: string, userId: string): Promise<Seen> {
  return seenBy(context, await findMeeting(context.db, id), userId)
}

/** The same by its code. @throws ProblemError `not-found` */
export async function meetingByCodeFor(context: Context, code: string, userId: string): Promise<Seen> {
  const meeting = await findMeetingByCode(context.db, code)
  // How long it takes does not tell that there is a meeting for the invited.
  if (meeting === undefined) await lookInVain(context, userId)
  return seenBy(context, meeting, userId)
}

/** A meeting by its id, for those who may see it. @throws ProblemError `not-found` */
export async function visibleMeeting(context: Context, id: string, principal: Principal): Promise<MeetingRow> {
  return (await visibleFor(context, id, principal)).meeting
}

/** The same, and how one stands to it. @throws ProblemError `not-found` */
export async function visibleFor(context: Context, id: string, { userId, kind }: Principal): Promise<Seen> {
  const seen = await meetingFor(context, id, userId)
  const { type, settings } = seen.meeting
  const guest = kind === 'guest'
  if (!maySee({ type, guestsAllowed: settings.guestsAllowed, host: seen.host, guest, belongs: seen.belongs }))
    throw unknown()
  return seen
}

/** The problem that keeps somebody from seeing who is in a meeting that they may see; null if nothing does. */
export function rosterProblem({ meeting, role, standing, member }: Seen): ProblemError | null {
  if (leads(role)) return null
  if (member?.banned_at != null) return new ProblemError('removed-from-meeting')
  const inside = (standing.entered || member?.admitted_at != null) && member?.must_wait !== true
  if (inside || (!meeting.settings.waitingRoom && member?.must_wait !== true)) return null
  return new ProblemError('not-admitted', 'Who is in the meeting is shown to those who were admitted')
}

/** A meeting by its code, which is the key to all but those for the invited. @throws ProblemError `not-found` */
export async function meetingByCode(context: Context, code: string, userId: string): Promise<MeetingRow> {
  const { meeting, host, belongs } = await meetingByCodeFor(context, code, userId)
  if (meeting.type === 'invited_only' && !host && !belongs) throw unknown()
  return meeting
}

/** A meeting of one's own. @throws ProblemError `forbidden` for others who belong to it, `not-found` for the rest */
export async function ownMeeting(context: Context, id: string, userId: string): Promise<MeetingRow> {
  const seen = await meetingFor(context, id, userId)
  if (seen.host) return seen.meeting
  throw (await belongsTo(context, seen, userId))
    ? new ProblemError('forbidden', 'Only the host may do this')
    : unknown()
}

/**
 * Whether somebody knows a meeting as its own, invited to a public one too. Such an invite opens nothing, so it is looked
 * up only here, before something is hidden.
 */
export async function belongsTo(context: Context, seen: Seen, userId: string): Promise<boolean> {
  if (seen.belongs || seen.meeting.type !== 'public' || seen.member?.banned_at != null) return seen.belongs
  return isInvited(context, seen.meeting.id, userId)
}

async function sightOf(context: Context, meetingId: string, userId: string) {
  const standing = await standingOf(context.db, { meetingId, userId, at: now(context) })
  return { standing, member: await findMember(context.db, { meetingId, userId }) }
}

/** As much work as `seenBy` does for a stranger and a meeting for the invited. */
async function lookInVain(context: Context, userId: string): Promise<void> {
  const nobodys = newId()
  await sightOf(context, nobodys, userId)
  await isInvited(context, nobodys, userId)
}

async function seenBy(context: Context, meeting: MeetingRow | undefined, userId: string): Promise<Seen> {
  if (meeting === undefined) throw unknown()
  const host = meeting.host_id === userId
  const { standing, member } = await sightOf(context, meeting.id, userId)
  const role = roleIn(meeting, userId, { member, seenAs: standing.role })
  const known = host || standing.belongs || member?.admitted_at != null || member?.role != null
  // Whether one is invited matters only where not everybody is.
  const invited = async () => meeting.type !== 'public' && (await isInvited(context, meeting.id, userId))
  const belongs = member?.banned_at == null && (known || (await invited()))
  return { meeting, host, role, standing, member, belongs }
}
