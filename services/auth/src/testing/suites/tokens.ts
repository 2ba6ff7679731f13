import { createHmac, createPublicKey, generateKeyPairSync, sign, type KeyObject } from 'node:crypto'
import { authBus, type AccessClaims } from '@parley/contracts'
import { request } from '@parley/kit'
import { beforeAll, expect, test } from 'vitest'
import type { PublicJwk } from '../../keys/signing-key.ts'
import type { TestAuth } from '../harness.ts'
import { me, refresh, signUp, withRefreshToken, type SignedIn } from '../people.ts'

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')
const decode = <T>(part: string | undefined): T => JSON.parse(Buffer.from(part ?? '', 'base64url').toString()) as T
const forge = (header: object, claims: object, signer: (input: string) => Buffer): string => {
  const input = `${encode(header)}.${encode(claims)}`
  return `${input}.${signer(input).toString('base64url')}`
}

/** Access tokens and keys: A10, A12, S1, S2, S3, S4. */
export function tokensSuite(auth: () => TestAuth): void {
  let someone: SignedIn
  let header: { alg: string; kid: string }
  let claims: AccessClaims
  let jwk: PublicJwk
  let stranger: KeyObject
  const jwks = async () => (await auth().call('GET', '/.well-known/jwks.json')).as<{ keys: PublicJwk[] }>()
  const expectRefused = async (token: string) =>
    expect((await me(auth(), token)).problem()).toMatchObject({ status: 401 })

  beforeAll(async () => {
    someone = await signUp(auth())
    const [head, body] = someone.accessToken.split('.')
    header = decode(head)
    claims = decode(body)
    const [key] = (await jwks()).keys
    if (key === undefined) throw new Error('no key')
    jwk = key
    stranger = generateKeyPairSync('ed25519').privateKey
  })

  test('A10 access tokens are EdDSA, name their key, and say what the contract says', async () => {
    expect(header).toMatchObject({ alg: 'EdDSA', kid: jwk.kid })
    expect(claims).toMatchObject({
      iss: 'parley',
      aud: 'parley-api',
      typ: 'access',
      sub: someone.user.id,
      ep: 0,
      name: 'Ada',
    })
    expect(claims.exp - claims.iat).toBe(900)
  })

  test('A10 publishes its keys without their private halves, over HTTP and the bus', async () => {
    const published = await jwks()
    expect(published.keys).toEqual([
      { kty: 'OKP', crv: 'Ed25519', use: 'sig', alg: 'EdDSA', kid: expect.any(String), x: expect.any(String) },
    ])
    expect(await request(auth().stage.bus, authBus.keys, {})).toEqual(published)
  })

  test('S1 only EdDSA by our key: none, HMAC with the public key, another curve are refused', async () => {
    const pem = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: jwk.x }, format: 'jwk' }).export({
      type: 'spki',
      format: 'pem',
    })
    const hmac = (secret: string | Buffer) => (input: string) => createHmac('sha256', secret).update(input).digest()
    const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
    await expectRefused(forge({ ...header, alg: 'none' }, claims, () => Buffer.alloc(0)))
    await expectRefused(forge({ ...header, alg: 'HS256' }, claims, hmac(pem)))
    await expectRefused(forge({ ...header, alg: 'HS256' }, claims, hmac(Buffer.from(jwk.x, 'base64url'))))
    await expectRefused(forge({ ...header, alg: 'ES256' }, claims, (input) => sign('sha256', Buffer.from(input), p256)))
    await expectRefused(forge(header, claims, (input) => sign(null, Buffer.from(input), stranger)))
  })

  test('S2 a key that the token itself brings is not looked at', async () => {
    const x = createPublicKey(stranger).export({ format: 'jwk' }).x
    const bySelf = (input: string) => sign(null, Buffer.from(input), stranger)
    for (const extra of [
      { jwk: { ...jwk, x } },
      { jku: 'http://127.0.0.1:1/jwks' },
      { kid: "' or 1=1 --" },
      { kid: '../../etc/passwd' },
    ]) {
      await expectRefused(forge({ ...header, ...extra }, claims, bySelf))
    }
  })

  test('S3 no kind of token is accepted in place of another', async () => {
    await expectRefused(someone.refreshToken)
    expect((await refresh(auth(), someone.accessToken)).status).toBe(400)
    expect((await refresh(auth(), someone.accessToken.slice(0, 200))).status).toBe(401)
    const guest = withRefreshToken(
      await auth().call('POST', '/v1/auth/guest', { body: { name: 'G', tokenDelivery: 'body' } }),
    )
    expect(decode<AccessClaims>(guest.accessToken.split('.')[1])).toMatchObject({ typ: 'guest' })
    expect((await auth().call('PATCH', '/v1/me', { body: { name: 'X' }, bearer: guest.accessToken })).status).toBe(403)
  })

  test('S4 an access token ends after 15 minutes and a tolerance of 30 s', async () => {
    const { accessToken } = await signUp(auth())
    auth().clock.advance(15 * 60_000 + 15_000)
    expect((await me(auth(), accessToken)).status).toBe(200)
    auth().clock.advance(17_000)
    expect((await me(auth(), accessToken)).problem()).toMatchObject({ status: 401, code: 'token-expired' })
  })
}
