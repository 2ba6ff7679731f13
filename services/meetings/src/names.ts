import { authBus, type Principal } from '@parley/contracts'
import { request, isProblem, type Bus, type Clock, type Logger } from '@parley/kit'

/**
 * The name of a person now: an access token keeps the name of when it was made. While auth cannot be asked, the token's word
 * is taken.
 */
export interface Names {
  of(principal: Pick<Principal, 'userId' | 'kind' | 'name'>): Promise<string>
  /** The account has another name. */
  forget(userId: string): void
}

/** A change that this replica was not told of shows after this. */
const rememberMs = 5_000
const maxRemembered = 10_000
/** Nobody waits long at the door for a name. */
const question = { ...authBus.account, timeoutMs: 500 }

/** Asks auth for names of accounts, and remembers each for a moment, since people come in crowds. */
export function createNames({ bus, clock, log }: { bus: Bus; clock: Clock; log: Logger }): Names {
  const known = new Map<string, { name: string; until: number }>()
  return {
    forget: (userId) => void known.delete(userId),
    async of({ userId, kind, name }) {
      if (kind === 'guest') return name
      const remembered = known.get(userId)
      if (remembered !== undefined && remembered.until > clock.monotonic()) return remembered.name
      try {
        const account = await request(bus, question, { userId })
        const [oldest] = known.keys()
        if (known.size >= maxRemembered && oldest !== undefined) known.delete(oldest)
        known.set(userId, { name: account.name, until: clock.monotonic() + rememberMs })
        return account.name
      } catch (error) {
        if (!isProblem(error, 'not-found')) log.info({ err: error, userId }, 'cannot ask auth for a name')
        return name
      }
    },
  }
}
