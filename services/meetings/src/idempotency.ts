import { createHmac } from 'node:crypto'
import type { Meeting } from '@parley/contracts'
import { ProblemError } from '@parley/kit'
import { now, type Context } from './context.ts'
import { hashOf } from './room-token.ts'
import { findAnswer, keepAnswer, reserveKey, type KeptAnswer, type RequestKey } from './store/idempotency.ts'
import type { Db } from './tables.ts'

const keepMs = 24 * 3_600_000

/**
 * A key and a body as they are kept. The body may hold a passcode, so its hash is keyed with the client's key, which is
 * itself kept only as a hash.
 */
export const requestKey = (userId: string, key: string, body: object): RequestKey => ({
  userId,
  key: hashOf(key),
  requestHash: createHmac('sha256', key).update(canonical(body)).digest('base64url'),
})

/**
 * The answer that was given under this key, or null. @throws ProblemError `idempotency-conflict` for another request's
 * key
 */
export async function answeredBefore(
  { db, ...context }: Pick<Context, 'db' | 'clock'>,
  request: RequestKey,
): Promise<Meeting | null> {
  return readOrThrow(await findAnswer(db, request, now(context)), request)
}

/** In a transaction: does it once under this key, and answers what was answered the first time. */
export async function onceIn(trx: Db, request: RequestKey, at: Date, act: () => Promise<Meeting>): Promise<Meeting> {
  if (await reserveKey(trx, request, { at, until: new Date(at.getTime() + keepMs) })) {
    const response = await act()
    await keepAnswer(trx, request, response)
    return response
  }
  const kept = readOrThrow(await findAnswer(trx, request, at), request)
  if (kept === null) throw new ProblemError('unavailable', 'The same request is under way')
  return kept
}

function readOrThrow(kept: KeptAnswer | undefined, { requestHash }: RequestKey): Meeting | null {
  if (kept === undefined) return null
  if (kept.request_hash !== requestHash) throw new ProblemError('idempotency-conflict')
  return kept.response === null ? null : (JSON.parse(kept.response) as Meeting)
}

/** JSON with the fields in order, so that two ways to write one body are the same request. */
const canonical = (body: object): string =>
  JSON.stringify(body, (_name, value: unknown) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  )
