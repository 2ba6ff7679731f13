import { authBus, type Revocation } from '@parley/contracts'
import { publish, type Bus, type Revocations } from '@parley/kit'

/** Makes a committed revocation known: to this process at once, to everybody by an event. A listener that misses it finds it in the next poll. */
export const createNotifier =
  (bus: Bus, revocations: Pick<Revocations, 'add'>) =>
  (revocation: Revocation): void => {
    revocations.add(revocation)
    publish(bus, authBus.revoked, {}, revocation)
  }
