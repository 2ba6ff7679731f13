import type { IncomingMessage } from 'node:http'
import { bearerPrefix, Id, meetingsBus, type ProblemCode, type TimelineNote } from '@parley/contracts'
import {
  compile,
  createBatched,
  newId,
  request,
  type Bus,
  type Clock,
  type Logger,
  type Metrics,
  type TokenVerifier,
} from '@parley/kit'
import { hintOf } from './handshake.ts'

export interface Refusals {
  /** Logs a handshake that was refused. Its meeting's timeline gets a line too, if it named one. */
  tell(handshake: IncomingMessage, refusal: { requestId: string; outcome: ProblemCode }): void
  start(): void
  stop(): Promise<void>
}

interface RefusalDeps {
  bus: Bus
  clock: Clock
  log: Logger
  metrics: Pick<Metrics, 'queue'>
  verifier: TokenVerifier
  instanceId: string
}

/** Clients try again and again: one line for each person, meeting and reason in this time is enough. */
const quietMs = 10_000
const mostRemembered = 5_000
/** The token is looked at only if it was before. Telling of a flood, which is refused earlier, costs nothing. */
const afterToken = new Set<ProblemCode>(['token-expired', 'unauthenticated', 'unavailable', 'internal'])
const faultsOfId = compile(Id)

/**
 * Operators look for a person who could not come in. The person is known by a token of ours, also by an expired one; the meeting by
 * the hint of the address.
 */
export function createRefusals({ bus, clock, log, metrics, verifier, instanceId }: RefusalDeps): Refusals {
  const notes = createBatched<TimelineNote>({
    what: 'timeline',
    send: (batch) => request(bus, meetingsBus.noteTimeline, { notes: [...batch] }),
    log,
  })
  metrics.queue('timeline', notes.waiting)
  const isNew = createOnceIn(quietMs, () => clock.monotonic())

  async function told(handshake: IncomingMessage, refusal: { requestId: string; outcome: ProblemCode }): Promise<void> {
    const { requestId, outcome } = refusal
    const userId = afterToken.has(outcome) ? await ownerOf(handshake, verifier) : undefined
    const hint = hintOf(handshake)
    const meetingId = hint !== null && faultsOfId(hint).length === 0 ? hint : undefined
    log.info({ requestId, outcome, userId, meetingId, origin: handshake.headers.origin }, 'handshake refused')
    if (meetingId === undefined || !isNew(`${meetingId} ${userId ?? ''} ${outcome}`)) return
    const at = new Date(clock.now()).toISOString()
    const note = { id: newId(), at, kind: 'handshake', outcome, meetingId, requestId, node: instanceId }
    notes.add(userId === undefined ? note : { ...note, userId })
  }
  return {
    tell: (handshake, refusal) =>
      void told(handshake, refusal).catch((err: unknown) =>
        log.error({ err, ...refusal }, 'a refused handshake could not be told'),
      ),
    start: () => notes.start(),
    stop: () => notes.stop(),
  }
}

async function ownerOf({ headers }: IncomingMessage, verifier: TokenVerifier): Promise<string | undefined> {
  const offered = (headers['sec-websocket-protocol'] ?? '').split(',').map((one) => one.trim())
  const token = offered.find((one) => one.startsWith(bearerPrefix))?.slice(bearerPrefix.length)
  if (token === undefined) return undefined
  // Without the keys nobody can tell.
  return (await verifier.ownerOf(token).catch(() => null)) ?? undefined
}

/** True for a key that was not seen in the last `forMs`; the oldest of too many are forgotten. */
function createOnceIn(forMs: number, now: () => number): (key: string) => boolean {
  const seen = new Map<string, number>()
  return (key) => {
    const last = seen.get(key)
    if (last !== undefined && now() - last < forMs) return false
    seen.delete(key)
    seen.set(key, now())
    const [oldest] = seen.keys()
    if (seen.size > mostRemembered && oldest !== undefined) seen.delete(oldest)
    return true
  }
}
