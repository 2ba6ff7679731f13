import { wire } from '@parley/contracts'
import { createPlaces, ProblemError } from '@parley/kit'

export interface SocketLimits {
  /** Sockets at one time. */
  total: number
  /** Young sockets without a token, of one address. */
  unauthenticatedPerAddress: number
  /** Whether each address has a share only. */
  shared: boolean
}

export interface SocketBudget {
  /**
   * Takes a place, given back by the returned function.
   * @throws ProblemError `unavailable` when all are taken, `rate-limited` when this address has its share, or too many without a
   * token
   */
  takeOrThrow(address: string, authenticated: boolean): () => void
  count(): number
}

/** A socket opened without a token that is older than this has authenticated: signaling closes those that do not. */
export const provenAfterMs = wire.authenticateWithinMs + 1_000

/** Counts the sockets of this gateway. Those without a token never take more than half of the places. */
export function createSocketBudget({ total, unauthenticatedPerAddress, shared }: SocketLimits): SocketBudget {
  const places = createPlaces({ total, shared })
  let unproven = 0
  const unprovenOf = new Map<string, number>()

  function changeUnproven(address: string, by: 1 | -1): void {
    unproven += by
    const count = (unprovenOf.get(address) ?? 0) + by
    if (count === 0) unprovenOf.delete(address)
    else unprovenOf.set(address, count)
  }
  function checkUnprovenOrThrow(address: string): void {
    if (unproven >= total / 2) throw new ProblemError('unavailable', 'Too many sockets wait for their authentication')
    if ((unprovenOf.get(address) ?? 0) < unauthenticatedPerAddress) return
    throw new ProblemError('rate-limited', 'Too many sockets of this address wait for their authentication', {
      retryAfterMs: provenAfterMs,
    })
  }
  return {
    takeOrThrow(address, authenticated) {
      if (places.count() >= total) throw noRoom()
      if (!authenticated) checkUnprovenOrThrow(address)
      const place = places.take(address)
      if (place === 'full') throw noRoom()
      if (place === 'share') throw enough()
      let proven = authenticated
      const prove = (): void => {
        if (!proven) changeUnproven(address, -1)
        proven = true
      }
      if (!authenticated) changeUnproven(address, 1)
      const timer = authenticated ? undefined : setTimeout(prove, provenAfterMs).unref()
      let given = false
      return () => {
        if (given) return
        given = true
        clearTimeout(timer)
        prove()
        place.giveBack()
      }
    },
    count: places.count,
  }
}

const noRoom = () => new ProblemError('unavailable', 'This gateway has no room for another socket')
/** When an address may come again that has its share. */
const shareRetryMs = 5_000
const enough = () =>
  new ProblemError('rate-limited', 'Your address has its share of the sockets; close one, or wait until others have', {
    retryAfterMs: shareRetryMs,
  })
