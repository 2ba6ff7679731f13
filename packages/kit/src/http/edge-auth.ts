import { setTimeout as sleep } from 'node:timers/promises'
import { authBus } from '@parley/contracts'
import type { Bus } from '../bus/bus.ts'
import { request, subscribe } from '../bus/typed.ts'
import { systemClock } from '../clock.ts'
import type { Logger } from '../logger.ts'
import { isProblem, ProblemError } from '../problem.ts'
import type { Clock } from '../service.ts'
import { createKeySource } from '../tokens/key-source.ts'
import { createRevocations, type Revocations } from '../tokens/revocations.ts'
import { createTokenVerifier, type TokenVerifier } from '../tokens/token-verifier.ts'
import { createAuthenticate, type Authenticate } from './authenticate.ts'

export interface EdgeAuth {
  authenticate: Authenticate
  /**
   * The whole check of an access token, revocation included, also for tokens that come over a socket. Rejects with
   * `unauthenticated`, `token-expired`, or `unavailable` while keys or revocations have never been read.
   */
  verifier: TokenVerifier
  revocations: Revocations
  /** Whether keys and revocations have been read once; an outage of auth after that takes nothing away. */
  ready(): boolean
  /** Resolves once both were read, or after the first attempts and 3 s: without auth, a service starts and is not ready. */
  start(): Promise<void>
  stop(): void
}

const firstReadMs = 3_000
const lookEveryMs = 50

/** The parts by which an edge knows the caller: the keys and revocations of the auth service, over the bus. */
export function createEdgeAuth({ bus, log, clock = systemClock }: { bus: Bus; log: Logger; clock?: Clock }): EdgeAuth {
  let revocationsKnown = false
  let stopped = false
  const keys = createKeySource({ fetch: () => request(bus, authBus.keys, {}), log, clock })
  const revocations = createRevocations({
    async fetch(since) {
      const read = await request(bus, authBus.revocations, { since })
      revocationsKnown = true
      return read
    },
    log,
    clock,
  })
  const signatures = createTokenVerifier({ keys, clock })
  const verifier: TokenVerifier = {
    async verify(token) {
      const principal = await signatures.verify(token)
      // Fail closed: before the first read nobody knows which sessions have ended.
      if (!revocationsKnown) throw new ProblemError('unavailable', 'The ended sessions are not known yet')
      if (revocations.isRevoked(principal)) throw new ProblemError('unauthenticated', 'The session has ended')
      return principal
    },
    ownerOf: (token) => signatures.ownerOf(token),
  }
  let hints: { unsubscribe(): void } | undefined
  return {
    verifier,
    revocations,
    authenticate: createAuthenticate({ verifier }),
    ready: () => revocationsKnown && keys.ready(),
    async start() {
      const subscription = subscribe(bus, authBus.revoked, {}, (item) => revocations.add(item), log)
      hints = subscription
      await subscription.ready().catch((error: unknown) => {
        // Only a hint is late then; the poll has them all.
        if (!isProblem(error, 'unavailable')) throw error
      })
      await Promise.all([keys.start(), revocations.start()])
      // On a busy machine the first attempt may be late. A product that says it is ready must not refuse the first request.
      const until = performance.now() + firstReadMs
      while (!revocationsKnown && !stopped && performance.now() < until) await sleep(lookEveryMs)
    },
    stop() {
      stopped = true
      hints?.unsubscribe()
      keys.stop()
      revocations.stop()
    },
  }
}
