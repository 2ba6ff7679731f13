import type { EntryAccess, Principal } from '@parley/contracts'
import { isProblem } from '@parley/kit'
import { decideAdmission } from '../admission.ts'
import { now, type Context } from '../context.ts'
import { isFull } from '../full.ts'
import { knockerOf, shownBy } from '../join.ts'
import type { PasscodeCheck } from '../passcode-check.ts'
import { meetingByCodeFor, type MeetingView } from '../read.ts'
import { admissionFactsOf } from '../standing.ts'
import { findEntry } from '../store/lobby.ts'
import type { MeetingRow } from '../tables.ts'
import { rejectedForMs } from './place.ts'

const unknown: EntryAccess = { canEnter: false, reason: 'not-found', next: 'none' }

const full = {
  canEnter: false,
  reason: 'meeting-full',
  next: 'try-later',
  retryAfterMs: 5_000,
} as const satisfies EntryAccess
const locked = (retryAfterMs: number): EntryAccess => ({
  canEnter: false,
  reason: 'too-many-passcodes',
  next: 'try-later',
  retryAfterMs,
})

/** The door's answer to somebody who knows the meeting's code, by the same decision as joining. */
export async function explainAccess(
  context: Context,
  passcodes: PasscodeCheck,
  { code, principal, address }: { code: string; principal: Principal; address: string },
): Promise<EntryAccess> {
  const seen = await seenOrNull(context, code, principal)
  if (seen === null) return unknown
  const facts = admissionFactsOf(seen.arrival, shownBy(seen.arrival, { principal, byCode: true }), seen.invited)
  const admission = decideAdmission(facts.passcode === 'none' ? facts : { ...facts, passcode: 'missing' })
  const meeting = summary(seen.meeting)
  switch (admission.kind) {
    case 'enter':
      if (await isFull(context, seen.meeting, principal.userId)) return { ...full, meeting }
      return { canEnter: true, reason: null, next: 'join', meeting }
    case 'wait':
      return { ...(await waitOf(context, seen, principal)), meeting }
    case 'check-passcode':
      return { canEnter: false, reason: 'passcode-required', next: 'join-with-passcode', meeting }
    case 'refuse': {
      const asked = admission.problem === 'passcode-required'
      const lockedForMs = asked ? await passcodes.lockedForMs(seen.meeting, knockerOf(seen, { principal, address })) : 0
      return lockedForMs > 0 ? { ...locked(lockedForMs), meeting } : refusalOf(admission.problem, seen.meeting)
    }
    default:
      return admission satisfies never
  }
}

async function seenOrNull(context: Context, code: string, { userId }: Principal): Promise<MeetingView | null> {
  try {
    return await meetingByCodeFor(context, code, userId)
  } catch (error) {
    if (isProblem(error, 'not-found')) return null
    throw error
  }
}

async function waitOf(context: Context, { meeting }: MeetingView, { userId }: Principal): Promise<EntryAccess> {
  const entry = await findEntry(context.db, { meetingId: meeting.id, userId })
  const retryAfterMs = rejectedForMs(entry, now(context))
  if (retryAfterMs > 0) return { canEnter: false, reason: 'not-admitted', next: 'none', retryAfterMs }
  return { canEnter: false, reason: 'waiting-room', next: 'wait-in-lobby' }
}

function refusalOf(problem: string, row: MeetingRow): EntryAccess {
  const meeting = summary(row)
  switch (problem) {
    case 'passcode-required':
      return { canEnter: false, reason: problem, next: 'join-with-passcode', meeting }
    case 'guests-not-allowed':
      return { canEnter: false, reason: problem, next: 'sign-in', meeting }
    case 'meeting-over':
      return {
        canEnter: false,
        reason: problem,
        next: 'none',
        ...(row.end_reason && { endReason: row.end_reason }),
        meeting,
      }
    case 'removed-from-meeting':
      return { canEnter: false, reason: problem, next: 'none' }
    default:
      return unknown
  }
}

const summary = (row: MeetingRow) => ({
  title: row.title,
  type: row.type,
  status: row.status,
  hostName: row.host_name,
  scheduledAt: row.scheduled_at?.toISOString() ?? null,
  durationMinutes: row.duration_minutes,
  timeZone: row.time_zone,
})
