import type { Revocation } from '@parley/contracts'
import { findUser } from '../accounts/store.ts'
import { insertRevocation } from '../revocations/store.ts'
import type { Db, RefreshTokenRow, SessionRow, UserRow } from '../tables.ts'
import type { IssuedTokens } from './issue.ts'
import { evaluate } from './evaluate.ts'
import { hashOf, newRandomToken } from '../random-token.ts'
import { openSuccessor, sealSuccessor } from './refresh-token.ts'
import { endSession, lockSessionOf, noteRetry, readRefreshToken, rotate } from './store.ts'

export type RefreshOutcome =
  | { kind: 'granted'; grant: IssuedTokens }
  | { kind: 'unknown' }
  | { kind: 'disabled' }
  /** The session has been ended in this transaction; to be told once it has committed. */
  | { kind: 'reused'; revocation: Revocation }

interface Times {
  now: number
  refreshTtlMs: number
}

/** Exchanges a refresh token. The transaction is committed in every case. */
export async function refreshGrant(trx: Db, token: string, times: Times): Promise<RefreshOutcome> {
  const hash = hashOf(token)
  const session = await lockSessionOf(trx, hash)
  const row = session && (await readRefreshToken(trx, hash))
  const user = session && (await findUser(trx, session.user_id))
  if (session === undefined || row === undefined || user === undefined) return { kind: 'unknown' }
  if (user.disabled_at !== null) return { kind: 'disabled' }
  const verdict = evaluate(
    presentedOf(row),
    { revoked: session.revoked_at !== null, expiresAt: session.expires_at.getTime() },
    times.now,
  )
  switch (verdict.kind) {
    case 'ended':
      return { kind: 'unknown' }
    case 'retry':
      await noteRetry(trx, hash)
      return { kind: 'granted', grant: { user, session, refreshToken: openSuccessor(token, verdict.sealedSuccessor) } }
    case 'rotate':
      return { kind: 'granted', grant: await rotateNow(trx, { token, hash, user, session }, times) }
    case 'reused':
      await endSession(trx, session.id, new Date(times.now))
      return { kind: 'reused', revocation: await insertRevocation(trx, { kind: 'session', id: session.id }) }
  }
}

const presentedOf = ({ used_at, read_at, sealed_successor }: RefreshTokenRow & { read_at: Date }) => ({
  spentForMs: used_at && read_at.getTime() - used_at.getTime(),
  sealedSuccessor: sealed_successor,
})

interface Holder {
  token: string
  hash: string
  user: UserRow
  session: SessionRow
}

async function rotateNow(
  trx: Db,
  { token, hash, user, session }: Holder,
  { now, refreshTtlMs }: Times,
): Promise<IssuedTokens> {
  const successor = newRandomToken()
  // A guest ends when its time is over; an account's session lasts as long as it is used.
  const expiresAt = user.kind === 'guest' ? session.expires_at : new Date(now + refreshTtlMs)
  const renewed = { id: session.id, expires_at: expiresAt }
  await rotate(trx, {
    session: renewed,
    hash,
    successorHash: hashOf(successor),
    sealedSuccessor: sealSuccessor(token, successor),
    at: new Date(now),
  })
  return { user, session: renewed, refreshToken: successor }
}
