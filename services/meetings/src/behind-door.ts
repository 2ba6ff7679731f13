import type { Principal } from '@parley/contracts'
import { ProblemError } from '@parley/kit'
import { decideAdmission } from './admission.ts'
import type { Context } from './context.ts'
import { isInvited } from './invites/invited.ts'
import type { MeetingView } from './read.ts'
import { leads } from './role.ts'
import { admissionFactsOf, isBanned, type Standing } from './standing.ts'

/**
 * The one rule on the data of a meeting (docs/spec/doors.md): it is for those who are or were admitted. `inside` leaves out whoever was
 * removed. Roster, calendar, chat, event stream and statistics all ask it.
 */
export const isInsider = ({ role, inside }: Pick<Standing, 'role' | 'inside'>): boolean => leads(role) || inside

/**
 * The problem that keeps somebody who may see a meeting from its roster; null if nothing does. Besides insiders those may read it whom
 * the door would let in as they are, with nothing but the code. A meeting that is over lets nobody in.
 */
export function rosterProblem(seen: MeetingView, kind: Principal['kind']): ProblemError | null {
  if (isInsider(seen)) return null
  const shown = { guest: kind === 'guest', byCode: true, joinToken: null, passcode: null }
  const admission = decideAdmission(admissionFactsOf(seen.arrival, shown, seen.invited))
  if (admission.kind === 'enter') return null
  if (admission.kind === 'refuse' && told.has(admission.problem))
    return new ProblemError(admission.problem, admission.detail)
  return new ProblemError('not-admitted', 'Only people who were admitted to the meeting can see this')
}

/** Reasons that say more than `not-admitted`, and that the operations declare. */
const told = new Set<string>(['passcode-required', 'removed-from-meeting'])

/** The same for what helps people to come: also those who are invited may have it, whatever the door would ask of them. */
export async function calendarProblem(
  context: Context,
  seen: MeetingView,
  { userId, kind }: Principal,
): Promise<ProblemError | null> {
  const problem = rosterProblem(seen, kind)
  if (problem === null || isBanned(seen.arrival)) return problem
  return seen.invited || (await isInvited(context, seen.meeting.id, userId)) ? null : problem
}
