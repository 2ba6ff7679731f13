import type { Principal } from '@parley/contracts'
import { systemClock } from '../clock.ts'
import type { Logger } from '../logger.ts'
import { createPoller } from '../poller.ts'
import type { Clock } from '../service.ts'
import { within } from '../within.ts'

/** A session has ended, or a user's tokens of an epoch before `epoch` have. */
export interface Revocation {
  kind: 'user' | 'session'
  id: string
  epoch?: number
  /** Milliseconds since 1970, by the clock of whoever revoked. */
  at: number
}

export interface Revocations {
  /** Takes a hint from the bus; hints and polls may repeat each other. */
  add(item: Revocation): void
  isRevoked(principal: Pick<Principal, 'userId' | 'sessionId' | 'epoch'>): boolean
  /** Called once per revocation that is new here. Returns how to stop listening. */
  onRevoked(listener: (item: Revocation) => void): () => void
  /** Resolves after the first poll, whether it succeeded or not. */
  start(): Promise<void>
  stop(): void
  /** Whether the list has been read in the last 15 s; before the first time nothing is known. */
  ready(): boolean
}

export interface RevocationsOptions {
  /** Revocations since then, by the server's clock; 0 asks for all that still matter. */
  fetch(sinceMs: number): Promise<{ items: readonly Revocation[]; now: number }>
  log: Logger
  /** Default 1 s. */
  intervalMs?: number
  clock?: Clock
}

/** Longer than an access token lives. */
const keepMs = 20 * 60_000
/** Transactions commit out of order: each poll looks back this far. */
const overlapMs = 10_000
const staleMs = 15_000
const fetchTimeoutMs = 3000

/** The revocations, in memory: polled, so that it is complete, and told by hints, so that it is prompt. */
export function createRevocations(options: RevocationsOptions): Revocations {
  const { fetch, log, intervalMs = 1000, clock = systemClock } = options
  const entries = createEntries(clock)
  const listeners = createListeners(log)
  let seenUntil = 0
  let readAt = Number.NEGATIVE_INFINITY

  const add = (item: Revocation): void => {
    if (entries.add(item)) listeners.tell(item)
  }
  const poller = createPoller(async () => {
    try {
      const { items, now } = await within(fetch(Math.max(0, seenUntil - overlapMs)), fetchTimeoutMs)
      items.forEach(add)
      seenUntil = now
      readAt = clock.monotonic()
    } catch (error) {
      log.warn({ err: error }, 'cannot read the revocations')
    }
    entries.forget()
  }, intervalMs)
  return {
    add,
    isRevoked: entries.covers,
    onRevoked: listeners.add,
    start: () => poller.start(),
    stop: () => poller.stop(),
    ready: () => clock.monotonic() - readAt < staleMs,
  }
}

function createListeners(log: Logger) {
  const listeners = new Set<(item: Revocation) => void>()
  return {
    add(listener: (item: Revocation) => void): () => void {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    tell(item: Revocation): void {
      for (const listener of listeners) {
        try {
          listener(item)
        } catch (error) {
          log.error({ err: error }, 'a listener of revocations failed')
        }
      }
    },
  }
}

interface RevokedUntil {
  epoch: number
  until: number
}

function createEntries(clock: Clock) {
  const sessions = new Map<string, RevokedUntil>()
  const users = new Map<string, RevokedUntil>()
  return {
    /** True when it says something new. */
    add({ kind, id, epoch }: Revocation): boolean {
      const map = kind === 'session' ? sessions : users
      const upTo = kind === 'session' ? 0 : (epoch ?? Number.MAX_SAFE_INTEGER)
      const known = map.get(id)
      if (known !== undefined && known.epoch >= upTo) return false
      map.set(id, { epoch: upTo, until: clock.monotonic() + keepMs })
      return true
    },
    covers({ userId, sessionId, epoch }: Pick<Principal, 'userId' | 'sessionId' | 'epoch'>): boolean {
      return sessions.has(sessionId) || (users.get(userId)?.epoch ?? 0) > epoch
    },
    forget(): void {
      for (const map of [sessions, users]) {
        for (const [id, { until }] of map) if (until < clock.monotonic()) map.delete(id)
      }
    },
  }
}
