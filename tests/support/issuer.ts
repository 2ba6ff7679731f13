import { generateKeyPairSync, sign } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Provider, type JWK } from 'oidc-provider'

export const clientId = 'parley'
export const clientSecret = 'a secret that only this test knows'

/** A sign-in provider that people see: a real OpenID provider (npm oidc-provider) with its own pages. */
export interface Issuer {
  url: string
  /** Claims of the ID token that it hands out next, well signed, in the place of the honest one; null: the honest one. */
  forged: Readonly<Record<string, unknown>> | null
  stop(): Promise<void>
}

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')

/**
 * Starts it on loopback, for a Parley that browsers are sent back to at `redirectUrl`. Its login page takes any name; the
 * account `name` has the address `name@example.org`, verified.
 */
export async function startIssuer(redirectUrl: string): Promise<Issuer> {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const jwk = { ...privateKey.export({ format: 'jwk' }), kid: 'issuer-key', alg: 'RS256', use: 'sig' } as JWK
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const provider = new Provider(url, {
    clients: [{ client_id: clientId, client_secret: clientSecret, redirect_uris: [redirectUrl] }],
    jwks: { keys: [jwk] },
    cookies: { keys: ['a key of this test'] },
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
    pkce: { required: () => true },
    ttl: { Interaction: 600, Grant: 600, Session: 600, AccessToken: 600, IdToken: 600 },
    findAccount: (_context, sub) => ({
      accountId: sub,
      claims: async () => ({ sub, email: `${sub}@example.org`, email_verified: true, name: `${sub} of Acme` }),
    }),
  })
  const serve = provider.callback()
  const tokenOf = (claims: object): string => {
    const input = `${encode({ alg: 'RS256', kid: 'issuer-key' })}.${encode(claims)}`
    return `${input}.${sign('sha256', Buffer.from(input), privateKey).toString('base64url')}`
  }
  server.on('request', (request, response) => {
    if (request.url !== '/token' || issuer.forged === null) return void serve(request, response)
    request.resume()
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ access_token: 'x', token_type: 'Bearer', id_token: tokenOf(issuer.forged) }))
  })
  const issuer: Issuer = {
    url,
    forged: null,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
  return issuer
}
