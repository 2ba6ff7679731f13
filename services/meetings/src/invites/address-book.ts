import { authBus } from '@parley/contracts'
import { request, isProblem, readAddress, type Bus, type Clock, type Logger } from '@parley/kit'

/**
 * The verified e-mail address of an account, in its one spelling; null if there is none, or if auth cannot be asked now. An address that
 * was not verified may be by now: with `matters`, auth is asked again only if that would make a difference.
 */
export type AddressBook = (userId: string, matters?: (email: string) => Promise<boolean>) => Promise<string | null>

const rememberMs = 60_000
const maxRemembered = 10_000

interface Known {
  /** Null: the account has none. */
  email: string | null
  verified: boolean
}

/** Asks auth, and remembers for a minute what does not change: the address, and that it is verified. */
export function createAddressBook({ bus, clock, log }: { bus: Bus; clock: Clock; log: Logger }): AddressBook {
  const all = new Map<string, Known & { until: number }>()
  return async (userId, matters) => {
    const remembered = all.get(userId)
    if (remembered !== undefined && remembered.until > clock.monotonic()) {
      const { email, verified } = remembered
      if (verified) return email
      if (matters && (email === null || !(await matters(email)))) return null
    }
    const known = await ask(bus, userId, log)
    if (known === null) return null
    const [oldest] = all.keys()
    if (all.size >= maxRemembered && oldest !== undefined) all.delete(oldest)
    all.set(userId, { ...known, until: clock.monotonic() + rememberMs })
    return known.verified ? known.email : null
  }
}

/** Null: auth cannot be asked. */
async function ask(bus: Bus, userId: string, log: Logger): Promise<Known | null> {
  try {
    const { email, emailVerified } = await request(bus, authBus.account, { userId })
    const read = readAddress(email)
    return 'value' in read ? { email: read.value, verified: emailVerified } : { email: null, verified: false }
  } catch (error) {
    if (isProblem(error, 'not-found')) return { email: null, verified: false }
    // Without auth nobody is taken for the owner of an address.
    log.warn({ err: error, userId }, 'cannot ask auth for an address')
    return null
  }
}
