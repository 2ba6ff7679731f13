import { randomInt } from 'node:crypto'
import { createPlaces, ProblemError } from '@parley/kit'

export interface StreamLimits {
  /** Their name in problems; event streams unless told. */
  what?: string
  /** Streams at one time. */
  total: number
  /** Of one account or guest. */
  perPrincipal: number
  /** Whether each address has a share only. */
  shared: boolean
}

/** A place for one event stream; `ending` is aborted when the gateway wants its end. */
interface StreamPlace {
  ending: AbortSignal
  giveBack(): void
}

/** The event streams of this gateway: counted, bounded, and ended when it goes. */
export interface Streams {
  /**
   * @throws ProblemError `unavailable` when all places are taken or the gateway is going, `rate-limited` when this
   * principal has too many, or their address has its share
   */
  takeOrThrow(principal: string, address: string): StreamPlace
  count(): number
  /** Ends every stream at a random moment within `overMs`; a browser opens a new one by itself, and is told what it missed. */
  endAll(overMs: number): void
  /** Takes streams again. */
  reopen(): void
}

const retryAfterMs = 5_000

export function createStreams({ total, perPrincipal, shared, what = 'event streams' }: StreamLimits): Streams {
  const open = new Set<AbortController>()
  const places = createPlaces({ total, shared })
  const countOf = new Map<string, number>()
  let closed = false

  function count(principal: string, by: 1 | -1): void {
    const now = (countOf.get(principal) ?? 0) + by
    if (now === 0) countOf.delete(principal)
    else countOf.set(principal, now)
  }
  return {
    takeOrThrow(principal, address) {
      if (closed) throw new ProblemError('unavailable', 'This gateway is going away')
      if (places.count() >= total) throw new ProblemError('unavailable', `This gateway has no room for more ${what}`)
      if ((countOf.get(principal) ?? 0) >= perPrincipal)
        throw new ProblemError('rate-limited', `At most ${perPrincipal} ${what} at one time`, { retryAfterMs })
      const place = places.take(address)
      if (typeof place === 'string')
        throw new ProblemError('rate-limited', `Your address has its share of the ${what}`, { retryAfterMs })
      const ending = new AbortController()
      open.add(ending)
      count(principal, 1)
      return {
        ending: ending.signal,
        giveBack() {
          place.giveBack()
          if (open.delete(ending)) count(principal, -1)
        },
      }
    },
    count: () => open.size,
    reopen: () => void (closed = false),
    endAll(overMs) {
      closed = true
      for (const ending of open) setTimeout(() => ending.abort(), randomInt(Math.max(1, Math.ceil(overMs))))
    },
  }
}
