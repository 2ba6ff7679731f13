import { formerAddress, isProblem, limitKey, readAddress, type Kv, type Limiter } from '@parley/kit'
import { lastRank, type JobOwner } from '../passwords/bcrypt-pool.ts'
import { hashOf } from '../random-token.ts'

/** With each password that an address has hashed within the window, its work comes later; right ones do not count. */
const prompt = { points: lastRank, seconds: 600 } as const

/** Whose work it is to hash a password: the queue of hashes is fair between addresses, and between people of one. */
export interface WorkOf {
  (address: string, person: string): Promise<JobOwner>
  /** The work was that of a right password: an office that signs in is not taken for somebody who guesses. */
  wasRight(address: string): Promise<void>
  /** Runs work of an address; when it rejects with `unavailable` it was not done, so it does not count. */
  unlessBusy<T>(address: string, work: () => Promise<T>): Promise<T>
}

export const createWorkOf = (kv: Pick<Kv, 'limiter'>): WorkOf =>
  countedBy(kv.limiter({ name: 'auth:password-work', ...prompt }))

/** The same for new accounts: they come after sign-ins, and those that an address makes do not delay anybody who signs in there. */
export const createRegistrationOf = (kv: Pick<Kv, 'limiter'>): WorkOf =>
  countedBy(kv.limiter({ name: 'auth:registration-work', ...prompt }), 1)

function countedBy(work: Limiter, firstRank = 0): WorkOf {
  const workOf = async (address: string, person: string): Promise<JobOwner> => {
    const key = limitKey(address)
    const { allowed, remaining } = await work.take(key)
    // More may be left than there is: what is given back in a new window, or while Redis is away, was not taken there.
    const rank = allowed ? Math.min(lastRank, Math.max(0, lastRank - 1 - remaining) + firstRank) : lastRank
    // Anything may come as an e-mail address.
    const read = readAddress(person)
    const target = 'value' in read ? read.value : formerAddress(person)
    return { address: key, person: hashOf(target), rank }
  }
  const giveBack = async (address: string) => void (await work.take(limitKey(address), -1))
  async function unlessBusy<T>(address: string, task: () => Promise<T>): Promise<T> {
    try {
      return await task()
    } catch (error) {
      if (isProblem(error, 'unavailable')) await giveBack(address)
      throw error
    }
  }
  return Object.assign(workOf, { wasRight: giveBack, unlessBusy })
}
