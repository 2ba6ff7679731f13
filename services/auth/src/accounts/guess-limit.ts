import { formerAddress, isProblem, limitKey, ProblemError, readAddress, type Kv } from '@parley/kit'
import { hashOf } from '../random-token.ts'

/**
 * Runs a check of a password, unless too many from this address for this e-mail address were wrong: 10 in 30 minutes,
 * whether or not there is such an account. Other people behind the address, and the owner from elsewhere, are not kept out.
 * Rejects with `rate-limited`, or as the check does.
 */
export type GuessLimit = <T>(guess: { address: string; email: string }, check: () => Promise<T>) => Promise<T>

export function createGuessLimit(kv: Pick<Kv, 'limiter'>): GuessLimit {
  const wrongs = kv.limiter({ name: 'auth:guesses', points: 10, seconds: 1800 })
  return async ({ address, email }, check) => {
    // Anything may come as an e-mail address, so the key has a hash of it.
    const read = readAddress(email)
    const target = 'value' in read ? read.value : formerAddress(email)
    const key = `${limitKey(address)}:${hashOf(target)}`
    // Counted before it is checked, so that many at once are not more; given back unless it was wrong.
    const { allowed, retryAfterMs } = await wrongs.take(key)
    if (!allowed) throw new ProblemError('rate-limited', 'Too many passwords were tried', { retryAfterMs })
    try {
      const result = await check()
      await wrongs.take(key, -1)
      return result
    } catch (error) {
      if (!isProblem(error, 'invalid-credentials')) await wrongs.take(key, -1)
      throw error
    }
  }
}
