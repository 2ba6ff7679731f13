import type { ServiceName } from '@parley/contracts'
import type { Directory } from '@parley/kit'
import { Pool } from 'undici'

/** One live instance of a service, with the connections to it. */
export interface Upstream {
  readonly url: string
  readonly pool: Pool
  /** Requests under way. */
  inFlight: number
  /** Passed over until then (ms), for a connection to it has just failed. */
  pausedUntil: number
}

export interface Upstreams {
  /** The next instance in turn that is not `besides`; null when there is none that can take more. */
  pick(service: ServiceName, besides?: Upstream): Upstream | null
  /** Passes over an instance for a second: the directory notices a dead one only after its lease. */
  pause(upstream: Upstream): void
  start(): void
  stop(): Promise<void>
}

const maxInFlight = 1024
const pauseMs = 1_000
const sweepEveryMs = 30_000
const connectTimeoutMs = 1_000

export function createUpstreams(
  directory: Directory,
  services: readonly ServiceName[],
  { timeoutMs }: { timeoutMs: number },
): Upstreams {
  const known = new Map<string, Upstream>()
  const turns = new Map<string, number>()
  let timer: NodeJS.Timeout | undefined

  function upstreamOf(url: string): Upstream {
    const found = known.get(url)
    if (found !== undefined) return found
    const pool = new Pool(url, {
      connections: maxInFlight,
      pipelining: 1,
      connect: { timeout: connectTimeoutMs },
      headersTimeout: timeoutMs,
      bodyTimeout: timeoutMs,
      keepAliveTimeout: 30_000,
      keepAliveMaxTimeout: 60_000,
    })
    const made: Upstream = { url, pool, inFlight: 0, pausedUntil: 0 }
    known.set(url, made)
    return made
  }
  function sweep(): void {
    const live = new Set(services.flatMap((service) => directory.instances(service).map(({ url }) => url)))
    for (const [url, upstream] of known) {
      if (live.has(url) || upstream.inFlight > 0) continue
      known.delete(url)
      void upstream.pool.destroy()
    }
  }
  return {
    pick(service, besides) {
      const instances = directory.instances(service)
      const turn = ((turns.get(service) ?? -1) + 1) % Math.max(1, instances.length)
      turns.set(service, turn)
      const now = Date.now()
      let paused: Upstream | null = null
      for (let step = 0; step < instances.length; step += 1) {
        const instance = instances[(turn + step) % instances.length]
        if (instance === undefined) continue
        const upstream = upstreamOf(instance.url)
        if (upstream === besides || upstream.inFlight >= maxInFlight) continue
        if (upstream.pausedUntil <= now) return upstream
        paused ??= upstream
      }
      // All of them have just failed: one of them is worth a try.
      return paused
    },
    pause: (upstream) => void (upstream.pausedUntil = Date.now() + pauseMs),
    start: () => void (timer ??= setInterval(sweep, sweepEveryMs).unref()),
    async stop() {
      clearInterval(timer)
      await Promise.all([...known.values()].map(({ pool }) => pool.destroy()))
      known.clear()
    },
  }
}
