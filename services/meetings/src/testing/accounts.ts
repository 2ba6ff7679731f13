import { authBus } from '@parley/contracts'
import { respond, ProblemError, publish, type BusSubscription } from '@parley/kit'
import type { TestUser } from './product.ts'
import type { TestWorld } from './world.ts'

/**
 * Says what accounts there are in the place of auth; it can be away. Everybody that a product made has one, with a verified
 * address, unless told.
 */
export async function createAccounts({ bus, log, users }: TestWorld) {
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
        const account = known.get(userId) ?? users.get(userId)
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
    askedFor: ({ id }: TestUser): number => asked.filter((userId) => userId === id).length,
    /** Gives a person an account, with an address of their own unless told. */
    of(user: TestUser, { email = `${user.id}@example.org`, emailVerified = true } = {}): string {
      known.set(user.id, { name: user.name, email, emailVerified })
      return email
    },
    /** The account has another name, and everybody is told. */
    rename(user: TestUser, name: string): void {
      const account = known.get(user.id) ?? users.get(user.id)
      if (account === undefined) throw new Error('no such account')
      known.set(user.id, { ...account, name })
      publish(bus, authBus.renamed, {}, { userId: user.id, before: account.name, name })
    },
  }
}
