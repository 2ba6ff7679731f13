import { formerAddress, isProblem, limitKey, readAddress, type Kv } from '@parley/kit'
import type { JobOwner } from '../passwords/bcrypt-pool.ts'
import { hashOf } from '../random-token.ts'

/** Passwords that one address may have hashed within the window before its work waits for that of others; right ones do not count. */
const prompt = { points: 5, seconds: 600 } as const

/** Whose work it is to hash a password: the queue of hashes is fair between addresses, and between people of one. */
export interface WorkOf {
  (address: string, person: string): Promise<JobOwner>
  /** The work was that of a right password: an office that signs in is not taken for somebody who guesses. */
  wasRight(address: string): Promise<void>
  /** Runs work of an address; when it rejects with `unavailable` it was not done, so it does not count. */
  unlessBusy<T>(address: string, work: () => Promise<T>): Promise<T>
}

export function createWorkOf(kv: Pick<Kv, 'limiter'>): WorkOf {
  const work = kv.limiter({ name: 'auth:password-work', ...prompt })
  const workOf = async (address: string, person: string): Promise<JobOwner> => {
    const key = limitKey(address)
    const { allowed } = await work.take(key)
    // Anything may come as an e-mail address.
    const read = readAddress(person)
    const target = 'value' in read ? read.value : formerAddress(person)
    return { address: key, person: hashOf(target), late: !allowed }
  }
  const giveBack = async (address: string) => void (await work.take(limitKey(address), -1))
  async function unlessBusy<T>(address: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      if (isProblem(error, 'unavailable')) await giveBack(address)
      throw error
    }
  }
  return Object.assign(workOf, { wasRight: giveBack, unlessBusy })
}
