/** How long a token that was just used still gets the same successor: two tabs may race, an answer may be lost. */
export const graceMs = 10_000

export interface Presented {
  usedAt: number | null
  /** Null once the successor was used, or the grace is long over. */
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

/** What a refresh token is good for, decided while its session is locked. */
export function judge(token: Presented, family: Family, now: number): Verdict {
  if (family.revoked || family.expiresAt <= now) return { kind: 'ended' }
  if (token.usedAt === null) return { kind: 'rotate' }
  const { sealedSuccessor } = token
  if (sealedSuccessor !== null && now - token.usedAt <= graceMs) return { kind: 'retry', sealedSuccessor }
  return { kind: 'reused' }
}
