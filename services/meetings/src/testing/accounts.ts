import { authBus } from '@parley/contracts'
import { answer, ProblemError, type BusSubscription } from '@parley/kit'
import type { Person } from './product.ts'
import type { TestWorld } from './world.ts'

/** Says what accounts there are in the place of auth; it can be away. */
export async function createAccounts({ bus, log }: TestWorld) {
  const known = new Map<string, { name: string; email: string; emailVerified: boolean }>()
  let subscription: BusSubscription | undefined
  const find = async (): Promise<void> => {
    subscription = answer(
      bus,
      authBus.account,
      'auth',
      async ({ userId }) => {
        const account = known.get(userId)
        if (account === undefined) throw new ProblemError('not-found')
        return account
      },
      log,
    )
    await subscription.ready()
  }
  await find()
  return {
    find,
    lose: (): void => subscription?.unsubscribe(),
    /** Gives a person an account, with an address of their own unless told. */
    of(person: Person, { email = `${person.id}@example.org`, emailVerified = true } = {}): string {
      known.set(person.id, { name: person.name, email, emailVerified })
      return email
    },
  }
}
