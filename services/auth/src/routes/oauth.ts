import { asProblem, ProblemError } from '@parley/kit'
import type { FastifyRequest } from 'fastify'
import { baseOf } from '../sessions/edge.ts'
import { deviceOf, granted, noStore } from './answers.ts'
import type { AuthHandlers, Oauth, RoutesDeps } from './deps.ts'

type OauthHandlers = Pick<AuthHandlers, 'providers' | 'startOauth' | 'finishOauth' | 'oauth'>

const startPath = '/v1/auth/oauth/google'
const callbackPath = `${startPath}/callback`

/** Sign-in at a provider. The two halves of the flow are visited by a whole page, so their failures lead to a page, too. */
export function oauth({ log, oauth: configured, publicUrl, cookies: kept }: RoutesDeps): OauthHandlers {
  const failed = (error: unknown, cookies: readonly string[] = []) => {
    const problem = asProblem(error)
    if (problem === null) log.error({ err: error }, 'a sign-in at the provider failed')
    return redirect(`/signin?problem=${problem?.code ?? 'internal'}`, cookies)
  }
  return {
    providers: () => ({
      status: 200,
      body: { items: configured === null ? [] : [{ id: 'google', name: configured.name, url: startPath }] },
    }),
    async startOauth({ query: { returnTo = '/' }, request }) {
      const { provider, cookies, redirectUrl } = configuredOrThrow(configured)
      try {
        const begun = await provider.begin(redirectUrl ?? baseOf(request.headers, publicUrl) + callbackPath)
        return redirect(begun.url, [cookies.keep(request, { ...begun.flow, returnTo })])
      } catch (error) {
        return failed(error)
      }
    },
    async finishOauth(call) {
      const { request } = call
      const { provider, cookies, signIn } = configuredOrThrow(configured)
      const forget = cookies.forget(request)
      try {
        const flow = cookies.read(request)
        if (flow === null)
          throw new ProblemError('oauth-failed', 'This browser has not started a sign-in, or it is too long ago')
        const identity = await provider.finish(queryOf(request), flow)
        const issued = await signIn(identity, baseOf(request.headers, publicUrl), deviceOf(call))
        const { refreshToken: value, refreshExpiresIn: maxAge } = issued
        const cookie = kept.set('refresh', request, { value, maxAge })
        return redirect(flow.returnTo, [cookie, forget])
      } catch (error) {
        return failed(error, [forget])
      }
    },
    async oauth({ body: { idToken, nonce, tokenDelivery }, ...call }) {
      const { request } = call
      const { provider, signIn } = configuredOrThrow(configured)
      const identity = await provider.verify(idToken, nonce)
      const issued = await signIn(identity, baseOf(request.headers, publicUrl), deviceOf(call))
      return granted(200, issued, { request, cookies: kept, tokenDelivery })
    },
  }
}

const redirect = (location: string, cookies: readonly string[]) =>
  ({ status: 302, headers: { ...noStore, location }, cookies }) as const

function configuredOrThrow(oauth: Oauth | null): Oauth {
  if (oauth !== null) return oauth
  throw new ProblemError(
    'not-found',
    'Sign-in with a provider is not set up here: the operator sets OIDC_CLIENT_ID and OIDC_CLIENT_SECRET',
  )
}

/** As it came, byte for byte: the library reads it itself, and sees what comes twice. */
const queryOf = ({ url }: FastifyRequest): string => (url.includes('?') ? url.slice(url.indexOf('?')) : '')
