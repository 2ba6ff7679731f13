import { createHash, createHmac } from 'node:crypto'
import { limitKey, ProblemError } from '@parley/kit'
import type { DistinctLimiter, Kv } from '@parley/kit'
import type { AdmissionFacts } from './admission.ts'
import { verifyPasscode } from './passcode.ts'
import type { MeetingRow } from './tables.ts'

/** Somebody who says a passcode. */
export interface PasscodeGuesser {
  userId: string
  guest: boolean
  address: string
  /** Is invited, or has been in the meeting. */
  belongs: boolean
}

/** The state of guessing at a meeting's passcode. */
export interface PasscodeGuesses {
  /** Different wrong ones within an hour. */
  wrong: number
  /** People who were refused unheard. */
  turnedAway: number
  /** Nobody new may guess: too many different ones were wrong. */
  locked: boolean
}

export interface PasscodeCheck {
  /** Rejects with `rate-limited`, or `unavailable` under overload. */
  check(meeting: MeetingRow, who: PasscodeGuesser, passcode: string | undefined): Promise<AdmissionFacts['passcode']>
  /** How long somebody is kept from saying a passcode, ms; 0: not at all. */
  lockedForMs(meeting: MeetingRow, who: PasscodeGuesser): Promise<number>
  guesses(meeting: MeetingRow): Promise<PasscodeGuesses>
}

const halfAnHour = 1800
const hour = 3600
/** Different wrong passcodes. The rows of these in docs/spec/shared-things.md say why. */
export const passcodeMarks = { person: 10, address: 100, meeting: 300 } as const

interface Counter {
  limiter: DistinctLimiter
  key: string
}

/**
 * Checks passcodes. Different wrong ones count, per meeting and passcode: of a person, then of the guests of an address,
 * then of all guests. Guest identities are free to make, accounts are not: those count apart from guests and their addresses, and
 * whoever is invited or has been in counts for themselves only. A person who gets it right takes their own slips back.
 */
export function createPasscodeCheck(kv: Pick<Kv, 'distinct'>): PasscodeCheck {
  const people = kv.distinct({ name: 'passcode:person', points: passcodeMarks.person, seconds: halfAnHour })
  const addresses = kv.distinct({ name: 'passcode:address', points: passcodeMarks.address, seconds: halfAnHour })
  const guests = kv.distinct({ name: 'passcode:guests', points: passcodeMarks.meeting, seconds: hour })
  const accounts = kv.distinct({ name: 'passcode:accounts', points: passcodeMarks.meeting, seconds: hour })
  const turnedAway = kv.distinct({ name: 'passcode:turned-away', points: 1000, seconds: hour })

  const countersOf = (meeting: MeetingRow, { userId, guest, address, belongs }: PasscodeGuesser): Counter[] => {
    const base = baseOf(meeting)
    const own = { limiter: people, key: `${base}:${userId}` }
    if (belongs) return [own]
    if (!guest) return [own, { limiter: accounts, key: base }]
    return [own, { limiter: addresses, key: `${base}:${limitKey(address)}` }, { limiter: guests, key: base }]
  }

  return {
    async check(meeting, who, passcode) {
      const { passcode_hash: hash } = meeting
      if (hash === null) return 'none'
      if (passcode === undefined || passcode === '') return 'missing'
      const counters = countersOf(meeting, who)
      const guess = printOf(passcode, hash)
      // Counted when its turn has come and before it is looked at, so that many at once are not more.
      const count = () => countOrThrow(counters, guess, () => turnedAway.add(baseOf(meeting), who.userId))
      const owner = { address: limitKey(who.address), person: who.userId }
      if (!(await verifyPasscode(passcode, hash, { owner, first: count }))) return 'wrong'
      await forgive(counters)
      return 'right'
    },
    async lockedForMs(meeting, who) {
      if (meeting.passcode_hash === null) return 0
      const looks = await Promise.all(countersOf(meeting, who).map(({ limiter, key }) => limiter.look(key)))
      return Math.max(...looks.map(({ retryAfterMs }) => retryAfterMs))
    },
    async guesses(meeting) {
      const base = baseOf(meeting)
      const [byGuests, byAccounts, away] = await Promise.all(
        [guests, accounts, turnedAway].map((one) => one.look(base)),
      )
      const wrong = new Set([...(byGuests?.values ?? []), ...(byAccounts?.values ?? [])]).size
      return {
        wrong,
        turnedAway: away?.count ?? 0,
        locked: byGuests?.allowed === false || byAccounts?.allowed === false,
      }
    },
  }
}

/** Another passcode, or a host who lifts the lock, begins anew: it is another key then. */
const baseOf = ({ id, passcode_hash: hash, passcode_round: round }: MeetingRow): string =>
  `${id}:${round}:${createHash('sha256').update(String(hash)).digest('base64url').slice(0, 12)}`

/** The key that tells guesses apart. It is of no use without the hash, which never leaves the database. */
const printOf = (passcode: string, hash: string): string =>
  createHmac('sha256', hash).update(passcode).digest('base64url').slice(0, 16)

async function countOrThrow(
  counters: readonly Counter[],
  guess: string,
  refused: () => Promise<unknown>,
): Promise<void> {
  for (const [at, { limiter, key }] of counters.entries()) {
    const { allowed, retryAfterMs } = await limiter.add(key, guess)
    if (allowed) continue
    // It was not looked at, so it was none.
    await Promise.all(counters.slice(0, at).map((before) => before.limiter.remove(before.key, [guess])))
    await refused()
    throw new ProblemError('rate-limited', 'Too many passcodes were tried', { retryAfterMs: Math.max(1, retryAfterMs) })
  }
}

/** A person who knows the passcode only slipped before. */
async function forgive([own, ...others]: readonly Counter[]): Promise<void> {
  if (own === undefined) return
  const { values } = await own.limiter.look(own.key)
  await Promise.all([own, ...others].map(({ limiter, key }) => limiter.remove(key, values)))
}
