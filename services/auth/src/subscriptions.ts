import { authBus } from '@parley/contracts'
import { respond, subscribe, type Bus, type BusSubscription, type Logger, type Revocations } from '@parley/kit'
import { accountOf, goneOf } from './accounts/account-answer.ts'
import type { Keyring } from './keys/keyring.ts'
import { listRevocations } from './revocations/revocation-list.ts'
import type { Db } from './tables.ts'

const queue = 'auth'

/** The requests that auth answers. */
export const answerBus = (
  bus: Bus,
  { db, keyring, log }: { db: Db; keyring: Keyring; log: Logger },
): BusSubscription[] => [
  respond(bus, authBus.keys, queue, async () => ({ keys: keyring.published() }), log),
  respond(bus, authBus.revocations, queue, ({ since }) => listRevocations(db, since), log),
  respond(bus, authBus.account, queue, ({ userId }) => accountOf(db, userId), log),
  respond(bus, authBus.gone, queue, async ({ userIds }) => ({ gone: await goneOf(db, userIds) }), log),
]

/** Other replicas' revocations, at once; the poll of the database brings what is lost. */
export const hearRevocations = (
  bus: Bus,
  { revocations, log }: { revocations: Revocations; log: Logger },
): BusSubscription => subscribe(bus, authBus.revoked, {}, (revocation) => revocations.add(revocation), log)
