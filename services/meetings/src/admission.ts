import type { Meeting, ProblemCode, Role } from '@parley/contracts'
import type { GivenRole } from './tables-admission.ts'

/** The facts that an admission is decided on. */
export interface AdmissionFacts {
  type: Meeting['type']
  over: boolean
  /** Why it is over, in words. */
  whyOver?: string
  guestsAllowed: boolean
  waitingRoom: boolean
  /** Whether the one who asks knows the code, and not only the id. */
  byCode: boolean
  host: boolean
  guest: boolean
  /** Has been in the meeting, was let in before, or is invited. */
  belongs: boolean
  banned: boolean
  /** Was removed and not admitted since. */
  mustWait: boolean
  /** Was admitted from the lobby or by a join token. */
  admitted: boolean
  /** The role that was given to this person for the meeting, if any. */
  role: GivenRole | null
  /** Of the valid join token that this person holds a use of or may take one of. */
  joinToken: GivenRole | null
  passcode: 'none' | 'unchecked' | 'missing' | 'wrong' | 'right'
}

export type Admitted = { kind: 'enter' | 'wait'; role: Role }
export type Admission =
  | Admitted
  /** Ask again once the passcode is checked: nothing else stands in the way. */
  | { kind: 'check-passcode' }
  | { kind: 'refuse'; problem: ProblemCode; detail?: string }

/**
 * The one decision on who may enter, for every way in. Pure. Checks that an outsider may not know of come first. So a meeting that is
 * closed to them looks like none.
 */
export function decideAdmission(facts: AdmissionFacts): Admission {
  const { type, over, guestsAllowed, byCode, host, guest, belongs, joinToken } = facts
  if (facts.banned && !host) return refuse('removed-from-meeting')
  const insider = host || belongs || joinToken !== null
  if (!insider && (type === 'invited_only' || (type === 'private' && !byCode))) return refuse('not-found')
  if (over) return refuse('meeting-over', facts.whyOver)
  if (host) return { kind: 'enter', role: 'host' }
  if (guest && !guestsAllowed) return refuse('guests-not-allowed')
  const role = facts.role === 'cohost' ? 'cohost' : (joinToken ?? facts.role ?? (guest ? 'guest' : 'participant'))
  // A person who was let in before, or holds a key, is not asked at the door.
  const trusted = facts.admitted || joinToken !== null || facts.role === 'cohost'
  return (trusted ? null : passcodeStep(facts.passcode)) ?? { kind: mustWait(facts, trusted) ? 'wait' : 'enter', role }
}

const mustWait = (facts: AdmissionFacts, trusted: boolean): boolean => facts.mustWait || (facts.waitingRoom && !trusted)

function passcodeStep(passcode: AdmissionFacts['passcode']): Admission | null {
  switch (passcode) {
    case 'none':
    case 'right':
      return null
    case 'unchecked':
      return { kind: 'check-passcode' }
    case 'missing':
      return refuse('passcode-required', 'This meeting asks for a passcode')
    case 'wrong':
      return refuse('passcode-required', 'The passcode is wrong')
    default:
      return passcode satisfies never
  }
}

const refuse = (problem: ProblemCode, detail?: string): Admission => ({
  kind: 'refuse',
  problem,
  ...(detail === undefined ? {} : { detail }),
})

/** Whether somebody may read a meeting by its id, as opposed to its code. */
export const maySee = ({
  type,
  guestsAllowed,
  host,
  guest,
  belongs,
}: Pick<AdmissionFacts, 'type' | 'guestsAllowed' | 'host' | 'guest' | 'belongs'>): boolean =>
  host || belongs || (type === 'public' && (!guest || guestsAllowed))
