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
export const passcodeMarks = { person: 10, address: 50, earned: 90, meeting: 300 } as const
/** This long after somebody got it right there is room for one more slip at their address, s. */
const earnedFor = 30

interface Counter {
  limiter: DistinctLimiter
  key: string
  /** Of an address: counts those who got it right there lately, each of whom makes room for one more wrong one. */
  earned?: DistinctLimiter
}

/**
 * Checks passcodes. Different wrong ones count, per meeting and passcode: of a person, then of the guests of an address,
 * then of all guests. Guest identities are free to make, accounts are less so: those count apart from guests, and whoever is
 * invited or has been in counts for themselves only. A person who gets it right takes their own slips back, and makes room for
 * one more of their address: a class slips less often than it gets it right, and somebody who guesses never gets it right.
 */
export function createPasscodeCheck(kv: Pick<Kv, 'distinct'>): PasscodeCheck {
  const guessers = kv.distinct({ name: 'passcode:person', points: passcodeMarks.person, seconds: halfAnHour })
  const addresses = kv.distinct({ name: 'passcode:address', points: passcodeMarks.address, seconds: halfAnHour })
  const earned = kv.distinct({ name: 'passcode:earned', points: passcodeMarks.earned, seconds: earnedFor })
  const guests = kv.distinct({ name: 'passcode:guests', points: passcodeMarks.meeting, seconds: hour })
  const accounts = kv.distinct({ name: 'passcode:accounts', points: passcodeMarks.meeting, seconds: hour })
  const turnedAway = kv.distinct({ name: 'passcode:turned-away', points: 1000, seconds: hour })

  const countersOf = (meeting: MeetingRow, { userId, guest, address, belongs }: PasscodeGuesser): Counter[] => {
    const base = baseOf(meeting)
    const own = { limiter: guessers, key: `${base}:${userId}` }
    if (belongs) return [own]
    const place = `${base}:${guest ? 'guests' : 'accounts'}:${limitKey(address)}`
    return [own, { limiter: addresses, key: place, earned }, { limiter: guest ? guests : accounts, key: base }]
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
      const right = () => reward(counters, who.userId)
      return (await verifyPasscode(passcode, hash, { owner, first: count, right })) ? 'right' : 'wrong'
    },
    async lockedForMs(meeting, who) {
      if (meeting.passcode_hash === null) return 0
      const looks = await Promise.all(
        countersOf(meeting, who).map(async (one) => one.limiter.look(one.key, await roomOf(one))),
      )
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
  for (const [at, counter] of counters.entries()) {
    const { allowed, retryAfterMs } = await counter.limiter.add(counter.key, guess, await roomOf(counter))
    if (allowed) continue
    // It was not looked at, so it was none.
    await Promise.all(counters.slice(0, at).map((before) => before.limiter.remove(before.key, [guess])))
    await refused()
    throw new ProblemError('rate-limited', 'Too many passcodes were tried', { retryAfterMs: Math.max(1, retryAfterMs) })
  }
}

/** How many more wrong ones than its mark a counter takes now. */
const roomOf = async ({ earned, key }: Counter): Promise<number | undefined> =>
  earned === undefined ? undefined : (await earned.look(key)).count

/** A person who knows the passcode only slipped before, and so may others at their address. */
async function reward(counters: readonly Counter[], userId: string): Promise<void> {
  const [own] = counters
  if (own === undefined) return
  for (const { earned, key } of counters) await earned?.add(key, userId)
  const { values } = await own.limiter.look(own.key)
  await Promise.all(counters.map(({ limiter, key }) => limiter.remove(key, values)))
}
