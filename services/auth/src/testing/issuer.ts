import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Provider, type Configuration, type JWK } from 'oidc-provider'

export const clientId = 'parley-test'
export const clientSecret = 'a secret that only the test knows'

/** Somebody who has an account at the issuer. */
export interface ProviderUser {
  sub: string
  email: string
  email_verified: boolean
  name: string
}

export interface Issuer {
  url: string
  /** The person who signs in there next. */
  user: ProviderUser
  /** Answers the token endpoint instead of the provider, with this ID token; null lets the provider do it. */
  forged: (() => string) | null
  /** An ID token as the provider would sign it: for us, good for 5 minutes, about `person`; `changes` replace claims. */
  idToken(changes?: Record<string, unknown>, by?: { key?: KeyObject; header?: Record<string, unknown> }): string
  stop(): Promise<void>
}

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')

/** A real OpenID provider (npm oidc-provider) on loopback; who comes is signed in as `person` without being asked. */
export async function startIssuer(redirectUrl: string, port = 0): Promise<Issuer> {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const jwk = { ...privateKey.export({ format: 'jwk' }), kid: 'issuer-key', alg: 'RS256', use: 'sig' } as JWK
  const server = createServer((request, response) => void answer(request, response))
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const issuer: Issuer = {
    url,
    user: { sub: 'nobody', email: 'nobody@example.org', email_verified: true, name: 'Nobody' },
    forged: null,
    idToken(changes = {}, { key = privateKey, header = {} } = {}) {
      const now = Math.floor(Date.now() / 1000)
      const claims = { ...issuer.user, iss: url, aud: clientId, iat: now, exp: now + 300, ...changes }
      const input = `${encode({ alg: 'RS256', kid: 'issuer-key', ...header })}.${encode(claims)}`
      return `${input}.${sign('sha256', Buffer.from(input), key).toString('base64url')}`
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
  const users = new Map<string, ProviderUser>()
  const provider = new Provider(url, configuration(redirectUrl, jwk, users))
  const serve = provider.callback()

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.url?.startsWith('/interaction/')) {
      users.set(issuer.user.sub, issuer.user)
      const login = { accountId: issuer.user.sub }
      return provider.interactionFinished(request, response, { login }, { mergeWithLastSubmission: false })
    }
    if (request.url !== '/token' || issuer.forged === null) return serve(request, response)
    request.resume()
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ access_token: 'x', token_type: 'Bearer', id_token: issuer.forged() }))
  }
  return issuer
}

function configuration(redirectUrl: string, jwk: JWK, users: ReadonlyMap<string, ProviderUser>): Configuration {
  return {
    clients: [{ client_id: clientId, client_secret: clientSecret, redirect_uris: [redirectUrl] }],
    jwks: { keys: [jwk] },
    cookies: { keys: ['a key of this test'] },
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_context, { uid }) => `/interaction/${uid}` },
    ttl: { Interaction: 600, Grant: 600, Session: 600, AccessToken: 600, IdToken: 600 },
    pkce: { required: () => true },
    findAccount: (_context, sub) => ({ accountId: sub, claims: async () => ({ ...users.get(sub), sub }) }),
    async loadExistingGrant(context) {
      const { client, provider, session } = context.oidc
      if (client === undefined || session?.accountId === undefined) return undefined
      const grant = new provider.Grant({ clientId: client.clientId, accountId: session.accountId })
      grant.addOIDCScope('openid email profile')
      await grant.save()
      return grant
    },
  }
}
