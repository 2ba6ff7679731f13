import type { Principal } from '@parley/contracts'
import { newId, ProblemError } from '@parley/kit'
import { maySee } from './admission.ts'
import { now, type Context } from './context.ts'
import { isInvited } from './invites/invited.ts'
import { isBanned, standingOf, type Standing } from './standing.ts'
import { findArrival, type Arrival } from './store/arrival.ts'
import { findMeetingByCode } from './store/meetings.ts'
import type { MeetingRow } from './tables.ts'

/** A meeting, and how somebody stands to it as of now. */
export interface MeetingView extends Standing {
  meeting: MeetingRow
  arrival: Arrival
  /** As far as it was looked up: it matters only where not everybody is, and to those who are not known otherwise. */
  invited: boolean
}

const unknown = () => new ProblemError('not-found', 'There is no such meeting')

/** A meeting and how somebody stands to it. @throws ProblemError `not-found` */
export async function meetingFor(context: Context, id: string, userId: string): Promise<MeetingView> {
  const seen = await sightOf(context, id, userId)
  if (seen === undefined) throw unknown()
  return seen
}

/** The same by its code. @throws ProblemError `not-found` */
export async function meetingByCodeFor(context: Context, code: string, userId: string): Promise<MeetingView> {
  const meeting = await findMeetingByCode(context.db, code)
  // How long it takes does not tell that there is a meeting for the invited.
  if (meeting === undefined) await lookInVain(context, userId)
  return meetingFor(context, meeting?.id ?? newId(), userId)
}

/** A meeting by its id, for those who may see it, and how one stands to it. @throws ProblemError `not-found` */
export async function visibleFor(context: Context, id: string, { userId, kind }: Principal): Promise<MeetingView> {
  const seen = await meetingFor(context, id, userId)
  const { type, settings } = seen.meeting
  const guest = kind === 'guest'
  if (!maySee({ type, guestsAllowed: settings.guestsAllowed, host: seen.host, guest, belongs: seen.belongs }))
    throw unknown()
  return seen
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
export async function belongsTo(context: Context, seen: MeetingView, userId: string): Promise<boolean> {
  if (seen.belongs || seen.meeting.type !== 'public' || isBanned(seen.arrival)) return seen.belongs
  return isInvited(context, seen.meeting.id, userId)
}

/** As much work as a stranger and a meeting for the invited are. */
async function lookInVain(context: Context, userId: string): Promise<void> {
  await isInvited(context, newId(), userId)
}

async function sightOf(context: Context, id: string, userId: string): Promise<MeetingView | undefined> {
  const at = now(context)
  const arrival = await findArrival(context.db, { meetingId: id, userId, at })
  if (arrival === undefined) return undefined
  const { meeting } = arrival
  const standing = standingOf(arrival, at)
  const askInvite = meeting.type !== 'public' && !standing.belongs && !isBanned(arrival)
  const invited = askInvite && (await isInvited(context, id, userId))
  return { ...standing, belongs: standing.belongs || invited, invited, meeting, arrival }
}
