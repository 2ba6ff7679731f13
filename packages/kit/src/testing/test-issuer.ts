import { generateKeyPairSync, sign } from 'node:crypto'
import { accessAudience, authBus, tokenIssuer, type AccessClaims, type Revocation } from '@parley/contracts'
import type { Bus } from '../bus/bus.ts'
import { respond, publish } from '../bus/typed.ts'
import { newId } from '../ids.ts'
import type { Logger } from '../logger.ts'

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')

/** Stands in for the auth service on a test's bus: real keys, real signatures, real revocations, no accounts. */
export function createTestIssuer(bus: Bus, log: Logger) {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const kid = 'test'
  const jwk = { ...publicKey.export({ format: 'jwk' }), kid, use: 'sig', alg: 'EdDSA' } as {
    kty: string
    crv: string
    x: string
    kid: string
    use: string
    alg: string
  }
  const revoked: Revocation[] = []
  respond(bus, authBus.keys, 'auth', async () => ({ keys: [jwk] }), log)
  respond(
    bus,
    authBus.revocations,
    'auth',
    async ({ since }) => ({ items: revoked.filter(({ at }) => at >= since), now: Date.now() }),
    log,
  )
  return {
    /** A signed access token; any claim may be set otherwise. */
    token(claims: Partial<AccessClaims> = {}): string {
      const iat = Math.floor(Date.now() / 1_000)
      const body: AccessClaims = {
        iss: tokenIssuer,
        aud: accessAudience,
        typ: 'access',
        sub: newId(),
        sid: newId(),
        ep: 0,
        name: 'Test',
        iat,
        exp: iat + 900,
        ...claims,
      }
      const input = `${encode({ alg: 'EdDSA', typ: 'JWT', kid })}.${encode(body)}`
      return `${input}.${sign(null, Buffer.from(input), privateKey).toString('base64url')}`
    },
    revoke(item: Omit<Revocation, 'at'>): void {
      const revocation = { ...item, at: Date.now() }
      revoked.push(revocation)
      publish(bus, authBus.revoked, {}, revocation)
    },
  }
}
