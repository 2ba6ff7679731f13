import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import jwt from '@fastify/jwt'
import type { AccessClaims, JsonWebKey } from '@parley/contracts'
import { fastify } from 'fastify'
import type { Static } from 'typebox'

export type PublicJwk = Static<typeof JsonWebKey>
export type Sign = (claims: AccessClaims) => string

/** A new Ed25519 key pair: its thumbprint, the public `x`, the private key as PEM. */
export function makeKeyPair(): { kid: string; x: string; privatePem: string } {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const x = xOf(publicKey)
  return { kid: thumbprint(x), x, privatePem: pemOf(privateKey) }
}

/** The public half as it is published (RFC 7517, RFC 8037). */
export const jwkOf = ({ kid, x }: { kid: string; x: string }): PublicJwk => ({
  kty: 'OKP',
  crv: 'Ed25519',
  x,
  kid,
  use: 'sig',
  alg: 'EdDSA',
})

/** Signs access tokens with one key: EdDSA, its `kid` in the header. */
export async function createSign(kid: string, privatePem: string): Promise<Sign> {
  const publicPem = createPublicKey(createPrivateKey(privatePem)).export({ type: 'spki', format: 'pem' }).toString()
  // @fastify/jwt binds its key at registration: one small instance, never listening, per key.
  const app = fastify()
  await app.register(jwt, { secret: { private: privatePem, public: publicPem }, sign: { algorithm: 'EdDSA', kid } })
  return (claims) => app.jwt.sign(claims)
}

function xOf(publicKey: KeyObject): string {
  const { x } = publicKey.export({ format: 'jwk' })
  if (x === undefined) throw new Error('an Ed25519 key without x')
  return x
}

/** RFC 7638: SHA-256 over the required members in the order of their names. */
const thumbprint = (x: string): string =>
  createHash('sha256')
    .update(JSON.stringify({ crv: 'Ed25519', kty: 'OKP', x }))
    .digest('base64url')

const pemOf = (privateKey: KeyObject): string => privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
