import { authBus } from '@parley/contracts'
import { request, isProblem, readAddress, type Bus, type Clock, type Logger } from '@parley/kit'

/** The verified e-mail address of an account, in its one spelling; null if there is none, or if auth cannot be asked now. */
export type AddressBook = (userId: string) => Promise<string | null>

const rememberMs = 60_000
const maxRemembered = 10_000

/** Asks auth, and remembers for a minute what is verified: that does not change. */
export function createAddressBook({ bus, clock, log }: { bus: Bus; clock: Clock; log: Logger }): AddressBook {
  const known = new Map<string, { email: string; until: number }>()
  return async (userId) => {
    const remembered = known.get(userId)
    if (remembered !== undefined && remembered.until > clock.monotonic()) return remembered.email
    const email = await verifiedEmail(bus, userId, log)
    if (email === null) return null
    const [oldest] = known.keys()
    if (known.size >= maxRemembered && oldest !== undefined) known.delete(oldest)
    known.set(userId, { email, until: clock.monotonic() + rememberMs })
    return email
  }
}

async function verifiedEmail(bus: Bus, userId: string, log: Logger): Promise<string | null> {
  try {
    const { email, emailVerified } = await request(bus, authBus.account, { userId })
    const read = readAddress(email)
    return emailVerified && 'value' in read ? read.value : null
  } catch (error) {
    // Without auth nobody is taken for the owner of an address.
    if (!isProblem(error, 'not-found')) log.warn({ err: error, userId }, 'cannot ask auth for an address')
    return null
  }
}
