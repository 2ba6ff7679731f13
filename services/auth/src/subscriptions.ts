import { authBus } from '@parley/contracts'
import { answer, listen, type Bus, type BusSubscription, type Logger, type Revocations } from '@parley/kit'
import { accountOf, goneOf } from './accounts/account-answer.ts'
import type { Keyring } from './keys/keyring.ts'
import { listRevocations } from './revocations/revocation-list.ts'
import type { Db } from './tables.ts'

const queue = 'auth'

/** The requests that auth answers and the events it hears. */
export const subscribe = (
  bus: Bus,
  { db, keyring, revocations, log }: { db: Db; keyring: Keyring; revocations: Revocations; log: Logger },
): BusSubscription[] => [
  answer(bus, authBus.keys, queue, async () => ({ keys: keyring.published() }), log),
  answer(bus, authBus.revocations, queue, ({ since }) => listRevocations(db, since), log),
  answer(bus, authBus.account, queue, ({ userId }) => accountOf(db, userId), log),
  answer(bus, authBus.gone, queue, async ({ userIds }) => ({ gone: await goneOf(db, userIds) }), log),
  // Other replicas' revocations, at once; the poll of the database brings what is lost.
  listen(bus, authBus.revoked, {}, (revocation) => revocations.add(revocation), log),
]
