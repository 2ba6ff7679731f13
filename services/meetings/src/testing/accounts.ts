import { authBus } from '@parley/contracts'
import { respond, ProblemError, publish, type BusSubscription } from '@parley/kit'
import type { Person } from './product.ts'
import type { TestWorld } from './world.ts'

/**
 * Says what accounts there are in the place of auth; it can be away. Everybody that a product made has one, with a verified
 * address, unless told.
 */
export async function createAccounts({ bus, log, people }: TestWorld) {
  const known = new Map<string, { name: string; email: string; emailVerified: boolean }>()
  let subscription: BusSubscription | undefined
  const asked: string[] = []
  const find = async (): Promise<void> => {
    subscription = respond(
      bus,
      authBus.account,
      'auth',
      async ({ userId }) => {
        asked.push(userId)
        const account = known.get(userId) ?? people.get(userId)
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
    /** How often somebody asked for the account. */
    askedFor: ({ id }: Person): number => asked.filter((userId) => userId === id).length,
    /** Gives a person an account, with an address of their own unless told. */
    of(person: Person, { email = `${person.id}@example.org`, emailVerified = true } = {}): string {
      known.set(person.id, { name: person.name, email, emailVerified })
      return email
    },
    /** The account has another name, and everybody is told. */
    rename(person: Person, name: string): void {
      const account = known.get(person.id) ?? people.get(person.id)
      if (account === undefined) throw new Error('no such account')
      known.set(person.id, { ...account, name })
      publish(bus, authBus.renamed, {}, { userId: person.id, before: account.name, name })
    },
  }
}
