/**
 * How long after it was last asked with a spent token still gets the same successor, while nobody has used that: two tabs
 * may race, answers may be lost. Each retry begins it anew, which gives away nothing: whoever got one has the successor.
 * Longer would hide a thief who refreshes beside the owner: they are told apart when one comes later than this after the other.
 */
export const retryMs = 10_000

export interface Presented {
  /** How long ago it was spent, or last asked with since, ms by the database's clock; null: it was not spent. */
  spentForMs: number | null
  /** Null once the successor was used, or the time for retries is long over. */
  sealedSuccessor: string | null
}
export interface Family {
  revoked: boolean
  expiresAt: number
}
export type Verdict =
  | { kind: 'rotate' }
  | { kind: 'retry'; sealedSuccessor: string }
  /** Somebody has a copy: the family ends. */
  | { kind: 'reused' }
  | { kind: 'ended' }

/** The verdict on a refresh token, decided while its session is locked. */
export function evaluate(token: Presented, family: Family, now: number): Verdict {
  if (family.revoked || family.expiresAt <= now) return { kind: 'ended' }
  if (token.spentForMs === null) return { kind: 'rotate' }
  const { sealedSuccessor } = token
  if (sealedSuccessor !== null && token.spentForMs <= retryMs) return { kind: 'retry', sealedSuccessor }
  return { kind: 'reused' }
}
