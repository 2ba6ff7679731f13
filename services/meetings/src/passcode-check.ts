import { limitKey, ProblemError } from '@parley/kit'
import type { Kv, Limiter } from '@parley/kit'
import type { AdmissionFacts } from './admission.ts'
import { verifyPasscode } from './passcode.ts'
import type { MeetingRow } from './tables.ts'

export interface Knocker {
  userId: string
  guest: boolean
  address: string
}
export type PasscodeCheck = (
  meeting: MeetingRow,
  who: Knocker,
  passcode: string | undefined,
) => Promise<AdmissionFacts['passcode']>

const halfAnHour = 1800

/**
 * Checks passcodes: per meeting at most 10 for a person and 10 wrong ones from an address in 30 minutes, and none where
 * 100 were wrong in an hour. Guest identities are free to make, accounts are not: once somebody has used up what an
 * address may try, an account behind it still has one try of its own. Rejects with `rate-limited`, or `unavailable`
 * under overload.
 */
export function createPasscodeCheck(kv: Pick<Kv, 'limiter'>): PasscodeCheck {
  const tries = kv.limiter({ name: 'passcode:user', points: 10, seconds: halfAnHour })
  const addresses = kv.limiter({ name: 'passcode:address', points: 10, seconds: halfAnHour })
  const accounts = kv.limiter({ name: 'passcode:account', points: 1, seconds: halfAnHour })
  const wrongs = kv.limiter({ name: 'passcode:meeting', points: 100, seconds: 3600 })
  return async ({ id, passcode_hash: hash }, { userId, guest, address }, passcode) => {
    if (hash === null) return 'none'
    if (passcode === undefined || passcode === '') return 'missing'
    await takeOrThrow(tries, `${id}:${userId}`, 1)
    await takeOrThrow(wrongs, id, 0)
    // Counted before it is checked, so that many at once are not more; given back if it was right.
    const place = `${id}:${limitKey(address)}`
    const spent = await addresses.take(place)
    if (!spent.allowed) {
      if (guest) throw tooMany(spent.retryAfterMs)
      await takeOrThrow(accounts, `${id}:${userId}`, 1)
    }
    // Counted when its turn has come, so that however many wait for theirs, no more than the limit are looked at.
    if (!(await verifyPasscode(passcode, hash, () => takeOrThrow(wrongs, id, 1)))) return 'wrong'
    await Promise.all([addresses.take(place, -1), wrongs.take(id, -1)])
    return 'right'
  }
}

async function takeOrThrow(limiter: Limiter, key: string, cost: number): Promise<void> {
  const { allowed, retryAfterMs } = await limiter.take(key, cost)
  if (!allowed) throw tooMany(retryAfterMs)
}

const tooMany = (retryAfterMs: number): ProblemError =>
  new ProblemError('rate-limited', 'Too many passcodes were tried', { retryAfterMs })
