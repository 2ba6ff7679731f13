import type { Principal } from '@parley/contracts'
import { isProblem, limitKey, ProblemError } from '@parley/kit'
import type { Kv, Limiter } from '@parley/kit'

export interface CodeLookup {
  userId: string
  guest: boolean
  /** The key of its limit. */
  address: string
}
export const codeLookupOf = ({ userId, kind }: Principal, address: string): CodeLookup => ({
  userId,
  guest: kind === 'guest',
  address: limitKey(address),
})

export interface CodeLimit {
  /** Counts a look-up of a code. Rejects with `rate-limited`. */
  lookUp(seeker: CodeLookup): Promise<void>
  /** The same for somebody who has not signed in. */
  lookAround(address: string): Promise<void>
  /**
   * For joining, where only codes that do not exist count. Look-ups by others behind an address do not keep an account from joining, only guests, which are free to make. Rejects with `rate-limited`.
   */
  guess<T>(seeker: CodeLookup, find: () => Promise<T>): Promise<T>
}

/**
 * Look-ups of codes, of the whole cluster: 60 a minute for a person, and 600 for an address, behind which there may be
 * an office.
 */
export function createCodeLimit(kv: Pick<Kv, 'limiter'>): CodeLimit {
  const principals = kv.limiter({ name: 'code:principal', points: 60, seconds: 60 })
  const addresses = kv.limiter({ name: 'code:address', points: 600, seconds: 60 })
  return {
    async lookUp({ userId, address }) {
      await takeOrThrow(principals, userId, 1)
      await takeOrThrow(addresses, address, 1)
    },
    lookAround: (address) => takeOrThrow(addresses, address, 1),
    async guess({ userId, guest, address }, find) {
      await takeOrThrow(principals, userId, 0)
      if (guest) await takeOrThrow(addresses, address, 0)
      try {
        return await find()
      } catch (error) {
        if (isProblem(error, 'not-found')) await Promise.all([principals.take(userId), addresses.take(address)])
        throw error
      }
    },
  }
}

async function takeOrThrow(limiter: Limiter, key: string, cost: number): Promise<void> {
  const { allowed, retryAfterMs } = await limiter.take(key, cost)
  if (!allowed) throw new ProblemError('rate-limited', 'Too many codes were looked up', { retryAfterMs })
}
