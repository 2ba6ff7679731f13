import { generateKeyPairSync } from 'node:crypto'
import jwt from '@fastify/jwt'
import { accessAudience, tokenIssuer, type Principal } from '@parley/contracts'
import { fastify } from 'fastify'
import { systemClock } from '../clock.ts'
import { isProblem, ProblemError } from '../problem.ts'
import type { Clock } from '../service.ts'
import { principalOrThrow, toleranceS } from './access-claims.ts'
import type { KeySource } from './key-source.ts'
import { createLru } from './lru.ts'

export interface TokenVerifier {
  /** Rejects with `unauthenticated`, `token-expired`, or `unavailable` when the keys cannot be fetched. */
  verify(token: string): Promise<Principal>
  /** The account of a token that we have signed, though it may have expired; null for any other text. Rejects with `unavailable` as `verify` does. */
  ownerOf(token: string): Promise<string | null>
}

const maxTokenLength = 4096
const cacheSize = 10_000

interface Verified {
  principal: Principal
  kid: string
  pem: string
}

/**
 * Verifies access tokens: EdDSA by a key of `keys` named by `kid`, and nothing else the header says; issuer, audience,
 * kind, `exp`, `nbf` with 30 s of tolerance. A verified token is remembered until it expires or its key is withdrawn.
 */
export function createTokenVerifier({ keys, clock = systemClock }: { keys: KeySource; clock?: Clock }): TokenVerifier {
  const check = signatureCheck()
  const verified = createLru<Verified>(cacheSize)

  async function verifyAnew(token: string): Promise<Verified> {
    const { jwt: tools } = await check
    const kid = kidOrThrow(() => tools.decode<{ header: { kid?: unknown } }>(token, { complete: true }))
    const pem = await keys.key(kid)
    if (pem === null) throw new ProblemError('unauthenticated')
    const now = clock.now()
    const claims = claimsOrThrow(() => tools.verify<object>(token, { key: pem, clockTimestamp: now }))
    return { principal: principalOrThrow(claims, now), kid, pem }
  }
  async function verify(token: string): Promise<Principal> {
    if (token.length > maxTokenLength) throw new ProblemError('unauthenticated')
    const known = verified.get(token)
    if (known !== undefined && (await keys.key(known.kid)) === known.pem) {
      if (clock.now() <= (known.principal.expiresAt + toleranceS) * 1000) return known.principal
      verified.delete(token)
      throw new ProblemError('token-expired')
    }
    const fresh = await verifyAnew(token)
    verified.set(token, fresh)
    return fresh.principal
  }
  async function ownerOf(token: string): Promise<string | null> {
    try {
      return (await verify(token)).userId
    } catch (error) {
      if (isProblem(error, 'unavailable')) throw error
      // The signature has been found good by the time that the age is looked at.
      if (!isProblem(error, 'token-expired')) return null
      const { jwt: tools } = await check
      const { sub } = tools.decode<{ sub?: unknown }>(token) ?? {}
      return typeof sub === 'string' ? sub : null
    }
  }
  return { verify, ownerOf }
}

/** @fastify/jwt without a server: tokens are also verified where there is no request, such as on an open socket. */
async function signatureCheck() {
  const app = fastify()
  const { publicKey } = generateKeyPairSync('ed25519')
  await app.register(jwt, {
    // The plugin wants a key; each verification names its own. Nobody can sign for this one.
    secret: { public: publicKey.export({ type: 'spki', format: 'pem' }).toString() },
    verify: {
      algorithms: ['EdDSA'],
      allowedIss: tokenIssuer,
      allowedAud: accessAudience,
      requiredClaims: ['exp', 'iat', 'iss', 'aud', 'sub', 'typ'],
      clockTolerance: toleranceS * 1000,
    },
  })
  return app
}

function kidOrThrow(decode: () => { header: { kid?: unknown } } | null): string {
  try {
    const kid = decode()?.header.kid
    if (typeof kid === 'string' && /^[\w-]{1,64}$/.test(kid)) return kid
  } catch {
    // Not a token at all: the same answer as for a bad one.
  }
  throw new ProblemError('unauthenticated')
}

function claimsOrThrow(verify: () => object): object {
  try {
    return verify()
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    throw new ProblemError(code === 'FAST_JWT_EXPIRED' ? 'token-expired' : 'unauthenticated')
  }
}
