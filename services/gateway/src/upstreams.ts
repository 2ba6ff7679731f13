import type { ServiceName } from '@parley/contracts'
import type { Directory, Instance } from '@parley/kit'
import { Pool } from 'undici'
import { rank } from './ws/rendezvous.ts'

/** One live instance of a service, with the connections to it. */
export interface Upstream {
  readonly url: string
  readonly pool: Pool
  /** Connections for event streams, which keep theirs for as long as they last. */
  readonly streamPool: Pool
  /** Connections for bytes on their way, up or down. */
  readonly bytesPool: Pool
  /** Requests under way; event streams and bytes on their way. */
  inFlight: number
  streams: number
  /** Passed over until then (ms of the monotonic clock), for a connection to it has just failed. */
  pausedUntil: number
}

export interface Choice {
  /** Not this one. */
  besides?: Upstream
  /** The key by which requests find the same instance; without one they take turns. */
  key?: string
}

export interface Upstreams {
  /** An instance that can take more; null when there is none. */
  pick(service: ServiceName, choice?: Choice): Upstream | null
  /** Passes over an instance for a second: the directory notices a dead one only after its lease. */
  pause(upstream: Upstream): void
  /** Ends everything that is under way to an instance that is dead. */
  abandon(url: string): void
  start(): void
  stop(): Promise<void>
}

const maxInFlight = 1024
const pauseMs = 1_000
const sweepEveryMs = 30_000
const connectTimeoutMs = 1_000
/** An event stream says something at least every 15 s. */
const streamSilentMs = 35_000
const streamAnswerMs = 3_000
/** A service that stores bytes, or fetches them, may be busy with its storage for a while. */
const bytesSilentMs = 30_000

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
    const common = {
      pipelining: 1,
      connect: { timeout: connectTimeoutMs },
      headersTimeout: timeoutMs,
      keepAliveTimeout: 30_000,
      keepAliveMaxTimeout: 60_000,
    }
    const pool = new Pool(url, { ...common, connections: maxInFlight, bodyTimeout: timeoutMs })
    // As many as there are streams: their number is bounded elsewhere.
    const streamPool = new Pool(url, {
      ...common,
      connections: null,
      headersTimeout: Math.min(timeoutMs, streamAnswerMs),
      bodyTimeout: streamSilentMs,
    })
    const bytesPool = new Pool(url, {
      ...common,
      connections: null,
      headersTimeout: bytesSilentMs,
      bodyTimeout: bytesSilentMs,
    })
    const made: Upstream = { url, pool, streamPool, bytesPool, inFlight: 0, streams: 0, pausedUntil: 0 }
    known.set(url, made)
    return made
  }
  function sweep(): void {
    const live = new Set(services.flatMap((service) => directory.instances(service).map(({ url }) => url)))
    for (const [url, upstream] of known) {
      if (live.has(url) || upstream.inFlight > 0 || upstream.streams > 0) continue
      known.delete(url)
      void destroy(upstream)
    }
  }
  function roundRobin(service: ServiceName, instances: readonly Instance[]): Instance[] {
    const turn = ((turns.get(service) ?? -1) + 1) % Math.max(1, instances.length)
    turns.set(service, turn)
    return [...instances.slice(turn), ...instances.slice(0, turn)]
  }
  return {
    pick(service, { besides, key } = {}) {
      const instances = directory.instances(service)
      const now = performance.now()
      let paused: Upstream | null = null
      for (const { url } of key === undefined ? roundRobin(service, instances) : rank(key, instances)) {
        const upstream = upstreamOf(url)
        if (upstream === besides || upstream.inFlight >= maxInFlight) continue
        if (upstream.pausedUntil <= now) return upstream
        paused ??= upstream
      }
      // All of them have just failed: one of them is worth a try.
      return paused
    },
    pause: (upstream) => void (upstream.pausedUntil = performance.now() + pauseMs),
    abandon(url) {
      const upstream = known.get(url)
      if (upstream === undefined) return
      known.delete(url)
      void destroy(upstream)
    },
    start: () => void (timer ??= setInterval(sweep, sweepEveryMs).unref()),
    async stop() {
      clearInterval(timer)
      await Promise.all([...known.values()].map(destroy))
      known.clear()
    },
  }
}

const destroy = async ({ pool, streamPool, bytesPool }: Upstream): Promise<void> => {
  await Promise.all([pool.destroy(), streamPool.destroy(), bytesPool.destroy()])
}
