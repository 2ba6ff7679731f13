import { createHmac, generateKeyPairSync, sign, type KeyObject } from 'node:crypto'
import { beforeEach, expect, test } from 'vitest'
import { newId } from '../ids.ts'
import { ProblemError } from '../problem.ts'
import { fakeClock } from '../testing/clock.ts'
import { silentLog } from '../testing/silent-log.ts'
import { createKeySource, type Jwk } from './key-source.ts'
import { createTokenVerifier } from './token-verifier.ts'

const { publicKey, privateKey } = generateKeyPairSync('ed25519')
const other = generateKeyPairSync('ed25519')
const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString()
const jwk = (key: KeyObject, kid: string): Jwk => ({ ...key.export({ format: 'jwk' }), kid, use: 'sig' })

let clock = fakeClock()
let published: Jwk[] = []
let fetches = 0
let down = false
const open = () => {
  const keys = createKeySource({
    fetch: async () => {
      fetches += 1
      if (down) throw new Error('down')
      return { keys: published }
    },
    log: silentLog(),
    clock,
  })
  return { keys, verifier: createTokenVerifier({ keys, clock }) }
}
beforeEach(() => {
  clock = fakeClock()
  published = [jwk(publicKey, 'k1')]
  fetches = 0
  down = false
})

const seconds = (): number => Math.floor(clock.now() / 1000)
const claims = (extra: object = {}): object => ({
  iss: 'parley',
  aud: 'parley-api',
  typ: 'access',
  sub: newId(),
  sid: newId(),
  ep: 3,
  name: 'Ada',
  iat: seconds(),
  exp: seconds() + 600,
  ...extra,
})
const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
function token(payload: object, header: object = {}, key: KeyObject = privateKey): string {
  const input = `${encode({ alg: 'EdDSA', kid: 'k1', ...header })}.${encode(payload)}`
  return `${input}.${sign(null, Buffer.from(input), key).toString('base64url')}`
}
async function codeOf(text: string, verifier = open().verifier): Promise<string> {
  try {
    return `accepted ${(await verifier.verify(text)).kind}`
  } catch (error) {
    return error instanceof ProblemError ? error.code : String(error)
  }
}

test('a good token names its principal', async () => {
  const { verifier } = open()
  const payload = { sub: newId(), sid: newId() }
  expect(await verifier.verify(token(claims(payload)))).toEqual({
    userId: payload.sub,
    sessionId: payload.sid,
    kind: 'user',
    name: 'Ada',
    epoch: 3,
    expiresAt: seconds() + 600,
  })
  expect(await codeOf(token(claims({ typ: 'guest' })))).toBe('accepted guest')
})

test('S1: alg none, HS256 signed with the public key, another curve', async () => {
  const none = `${encode({ alg: 'none', kid: 'k1' })}.${encode(claims())}.`
  expect(await codeOf(none)).toBe('unauthenticated')
  const input = `${encode({ alg: 'HS256', kid: 'k1' })}.${encode(claims())}`
  expect(await codeOf(`${input}.${createHmac('sha256', pem).update(input).digest('base64url')}`)).toBe(
    'unauthenticated',
  )
  expect(await codeOf(token(claims(), { alg: 'ES256' }))).toBe('unauthenticated')
  const ed448 = generateKeyPairSync('ed448')
  expect(await codeOf(token(claims(), {}, ed448.privateKey))).toBe('unauthenticated')
})

test('a wrong signature, a changed payload, no signature', async () => {
  expect(await codeOf(token(claims(), {}, other.privateKey))).toBe('unauthenticated')
  const [head, , tail] = token(claims()).split('.')
  expect(await codeOf(`${head}.${encode(claims({ name: 'Eve' }))}.${tail}`)).toBe('unauthenticated')
  expect(await codeOf(`${head}.${encode(claims())}.`)).toBe('unauthenticated')
})

test('S2: kid of another shape, and key material in the header', async () => {
  const kids = [
    '../../etc/passwd',
    "' OR 1=1",
    'http://127.0.0.1/key',
    '',
    5,
    null,
    'x'.repeat(65),
    '__proto__',
    'unknown',
  ]
  for (const kid of kids) expect(await codeOf(token(claims(), { kid }))).toBe('unauthenticated')
  const own = { jwk: other.publicKey.export({ format: 'jwk' }), jku: 'http://127.0.0.1:1/', x5u: 'http://127.0.0.1:1/' }
  expect(await codeOf(token(claims(), own, other.privateKey))).toBe('unauthenticated')
  expect(await codeOf(token(claims(), own))).toBe('accepted user')
  expect(await codeOf(token(claims(), { crit: ['x'], x: 1 }))).toBe('unauthenticated')
})

test.each([
  ['audience', { aud: 'other' }],
  ['audience list', { aud: ['parley-api', 'other'] }],
  ['issuer', { iss: 'evil' }],
  ['kind', { typ: 'room' }],
  ['refresh', { typ: 'refresh' }],
  ['subject', { sub: 'admin' }],
  ['no session', { sid: undefined }],
  ['no epoch', { ep: undefined }],
  ['S4: exp as text', { exp: '99999999999' }],
  ['S4: exp 1e99', { exp: 1e99 }],
  ['S4: exp too far', { exp: 4_000_000_000 }],
  ['S4: exp missing', { exp: undefined }],
  ['S4: nbf as text', { nbf: 'soon' }],
  ['iat missing', { iat: undefined }],
])('S3: wrong %s', async (_name, extra) => {
  expect(await codeOf(token(claims(extra)))).toBe('unauthenticated')
})

test('S4: the clock may be 30 s off, not 31', async () => {
  const at = seconds()
  expect(await codeOf(token(claims({ exp: at - 29 })))).toBe('accepted user')
  expect(await codeOf(token(claims({ exp: at - 31 })))).toBe('token-expired')
  expect(await codeOf(token(claims({ nbf: at + 29 })))).toBe('accepted user')
  expect(await codeOf(token(claims({ nbf: at + 31 })))).toBe('unauthenticated')
  expect(await codeOf(token(claims({ iat: at + 29 })))).toBe('accepted user')
  expect(await codeOf(token(claims({ iat: at + 31 })))).toBe('unauthenticated')
})

test('O26 S3: the owner of an expired token is known, if we have signed it', async () => {
  const { verifier } = open()
  const sub = newId()
  const old = claims({ sub, iat: seconds() - 900, exp: seconds() - 60 })
  expect(await verifier.ownerOf(token(old))).toBe(sub)
  expect(await verifier.ownerOf(token(claims({ sub })))).toBe(sub)
  expect(await verifier.ownerOf(token(old, {}, other.privateKey))).toBeNull()
  expect(await verifier.ownerOf(token(claims({ sub, aud: 'others' })))).toBeNull()
  expect(await verifier.ownerOf('none')).toBeNull()
})

test('a remembered token still expires, and ends with its key', async () => {
  const { verifier, keys } = open()
  const good = token(claims())
  expect(await codeOf(good, verifier)).toBe('accepted user')
  clock.advance(631_000)
  expect(await codeOf(good, verifier)).toBe('token-expired')
  const next = token(claims())
  expect(await codeOf(next, verifier)).toBe('accepted user')
  published = [jwk(other.publicKey, 'k2')]
  await keys.start()
  keys.stop()
  expect(await codeOf(next, verifier)).toBe('unauthenticated')
})

test('texts that are not tokens', async () => {
  for (const text of ['', 'a', 'a.b.c', '..', 'x'.repeat(5000), `${token(claims())}x`])
    expect(await codeOf(text)).toBe('unauthenticated')
})

test('an unknown key is asked for at most once a second', async () => {
  const { verifier } = open()
  for (let i = 0; i < 20; i += 1) await codeOf(token(claims(), { kid: `new${i}` }), verifier)
  expect(fetches).toBe(1)
  clock.advance(1001)
  published.push(jwk(other.publicKey, 'k2'))
  expect(await codeOf(token(claims(), { kid: 'k2' }, other.privateKey), verifier)).toBe('accepted user')
  expect(fetches).toBe(2)
})

test('S40: the last known keys go on while the set cannot be fetched; with none it is unavailable, not a refusal', async () => {
  const { verifier } = open()
  expect(await codeOf(token(claims()), verifier)).toBe('accepted user')
  down = true
  clock.advance(61_000)
  expect(await codeOf(token(claims()), verifier)).toBe('accepted user')
  expect(await codeOf(token(claims(), { kid: 'k9' }), verifier)).toBe('unavailable')
  expect(await codeOf(token(claims()), open().verifier)).toBe('unavailable')
})
