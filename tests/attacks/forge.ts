import { createHmac, sign, type KeyObject } from 'node:crypto'

/** A header or the claims of a JWT. */
export type Part = Record<string, unknown>
export const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')
/** A part of a JWT, as an object. */
export const decode = (part = ''): Part => JSON.parse(Buffer.from(part, 'base64url').toString()) as Part
/** A JWT with whatever signature. */
export const forge = (header: Part, claims: Part, signed: (input: string) => Buffer | string): string => {
  const input = `${encode(header)}.${encode(claims)}`
  const signature = signed(input)
  return `${input}.${typeof signature === 'string' ? signature : signature.toString('base64url')}`
}
/** A signature by a key. */
export const by =
  (key: KeyObject, digest: string | null = null) =>
  (input: string) =>
    sign(digest, Buffer.from(input), key)
/** A signature with a shared secret. */
export const hmac = (digest: string, secret: string | Buffer) => (input: string) =>
  createHmac(digest, secret).update(input).digest()

/** The headers of another party's proxy about the caller. */
export function identityHeaders(claims: Part): Record<string, string> {
  const text = JSON.stringify(claims)
  const user = String(claims['sub'])
  return {
    'x-user-id': user,
    'x-parley-user': user,
    'x-parley-principal': text,
    'x-forwarded-user': 'Ada',
    'x-forwarded-for': '127.0.0.1',
    'x-real-ip': '127.0.0.1',
    'x-session-id': String(claims['sid']),
    'x-role': 'host',
    'x-jwt-payload': Buffer.from(text).toString('base64'),
    forwarded: 'for=127.0.0.1;by=gateway',
    via: '1.1 gateway',
    cookie: `parley_refresh=${'A'.repeat(43)}; user=${user}`,
  }
}
