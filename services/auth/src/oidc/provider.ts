import { ProblemError, type Logger } from '@parley/kit'
import * as client from 'openid-client'
import { identityOf, type Identity } from './identity.ts'
import { isLoopback } from './oidc-config.ts'
import { problemOf } from './provider-problem.ts'

/** The state between the two halves of a sign-in: parts that the browser must bring back, and secrets of ours. */
export interface Flow {
  state: string
  nonce: string
  verifier: string
  redirectUrl: string
}

/** One OpenID Connect issuer. Rejects with `oauth-failed`, or with `unavailable` when it cannot be reached. */
export interface Provider {
  /** Where to send the browser: authorization code with PKCE S256, state and nonce. */
  begin(redirectUrl: string): Promise<{ url: string; flow: Flow }>
  /** The person who came back; `query` is what the provider sent along. */
  finish(query: string, flow: Flow): Promise<Identity>
  /** The person of an ID token; it must be for us, and carry the nonce if one is given. */
  verify(idToken: string, nonce: string | undefined): Promise<Identity>
}

export interface ProviderOptions {
  issuer: string
  clientId: string
  clientSecret: string | undefined
  log: Logger
}

const timeoutS = 5
const scope = 'openid email profile'

export function createProvider(options: ProviderOptions): Provider {
  const { log } = options
  const discovered = lazily(() => discover(options))
  const guarded = async <T>(work: (configs: Configs) => Promise<T>): Promise<T> => {
    try {
      return await work(await discovered())
    } catch (error) {
      const problem = problemOf(error)
      log.warn({ err: error, code: problem.code }, 'a sign-in at the provider did not succeed')
      throw problem
    }
  }
  return {
    begin: (redirectUrl) => guarded(({ flows }) => begin(flows, redirectUrl)),
    finish: (query, flow) => guarded(({ flows }) => finish(flows, query, flow)),
    verify: (idToken, nonce) => guarded(({ tokens }) => verify(tokens, idToken, nonce)),
  }
}

async function begin(config: client.Configuration, redirectUrl: string): Promise<{ url: string; flow: Flow }> {
  const verifier = client.randomPKCECodeVerifier()
  const flow = { state: client.randomState(), nonce: client.randomNonce(), verifier, redirectUrl }
  const url = client.buildAuthorizationUrl(config, {
    redirect_uri: redirectUrl,
    scope,
    state: flow.state,
    nonce: flow.nonce,
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
  })
  return { url: url.href, flow }
}

async function finish(config: client.Configuration, query: string, flow: Flow): Promise<Identity> {
  const url = new URL(flow.redirectUrl)
  url.search = query
  const tokens = await client.authorizationCodeGrant(config, url, {
    pkceCodeVerifier: flow.verifier,
    expectedState: flow.state,
    expectedNonce: flow.nonce,
    idTokenExpected: true,
  })
  const claims = claimsOrThrow(tokens)
  if (claims['email'] !== undefined) return identityOf(claims)
  // Many issuers tell no more than the subject in the token itself.
  return identityOf({ ...(await client.fetchUserInfo(config, tokens.access_token, claims.sub)), iss: claims.iss })
}

async function verify(config: client.Configuration, idToken: string, nonce: string | undefined): Promise<Identity> {
  const claims = claimsOrThrow(await client.genericGrantRequest(config, heldToken, { id_token: idToken }))
  if (nonce !== undefined && claims.nonce !== nonce) throw new ProblemError('oauth-failed', 'The nonce does not match')
  return identityOf(claims)
}

function claimsOrThrow(tokens: client.TokenEndpointResponseHelpers): client.IDToken {
  const claims = tokens.claims()
  if (claims === undefined) throw new ProblemError('oauth-failed', 'The provider gave no ID token')
  return claims
}

/** One issuer as the library knows it: for the flow, and for ID tokens that somebody else obtained. */
interface Configs {
  flows: client.Configuration
  tokens: client.Configuration
}

async function discover({ issuer, clientId, clientSecret }: ProviderOptions): Promise<Configs> {
  const insecure = issuer.startsWith('http:') && isLoopback(issuer) ? [client.allowInsecureRequests] : []
  // Signatures of ID tokens are verified even where TLS would do (OpenID Connect, 3.1.3.7).
  const execute = [client.enableNonRepudiationChecks, ...insecure]
  const auth = clientSecret === undefined ? client.None() : undefined
  const options = { timeout: timeoutS, execute }
  const flows = await client.discovery(new URL(issuer), clientId, clientSecret, auth, options)
  const tokens = new client.Configuration(flows.serverMetadata(), clientId, clientSecret, auth)
  tokens.timeout = timeoutS
  for (const extension of execute) extension(tokens)
  tokens[client.customFetch] = (url, init) =>
    init.body instanceof URLSearchParams ? answerWithHeldToken(init.body) : fetch(url, init as RequestInit)
  return { flows, tokens }
}

const heldToken = 'urn:parley:held-id-token'

/**
 * The library verifies ID tokens as part of an answer of the token endpoint. For one that is in our hands already, this
 * is that answer; what it checks (signature by the issuer's keys, issuer, audience, times) is the same.
 */
const answerWithHeldToken = async (body: URLSearchParams): Promise<Response> =>
  Response.json({ access_token: 'none', token_type: 'Bearer', id_token: body.get('id_token') })

/** The value of `load`, loaded at first use, again every 12 h, and again after a failure. */
function lazily<T>(load: () => Promise<T>): () => Promise<T> {
  let value: Promise<T> | undefined
  let loadedAt = 0
  return () => {
    if (value !== undefined && performance.now() - loadedAt < 12 * 3600_000) return value
    loadedAt = performance.now()
    const loading = load()
    value = loading
    loading.catch(() => (value = value === loading ? undefined : value))
    return loading
  }
}
