import { isProblem, ProblemError, type Authenticate } from '@parley/kit'
import type { FastifyRequest } from 'fastify'
import { presentedToken } from '../sessions/credentials.ts'
import { granted, noStore } from './answers.ts'
import type { AuthHandlers, RoutesDeps } from './deps.ts'

type SessionHandlers = Pick<AuthHandlers, 'refresh' | 'logout' | 'logoutAll' | 'sessions' | 'endSession'>

export function session({ sessions, authenticate, ...browsers }: RoutesDeps): SessionHandlers {
  const { cookies } = browsers
  const cleared = (request: FastifyRequest): string => cookies.set('refresh', request, { value: '', maxAge: 0 })
  async function sessionOf(token: string | undefined, request: FastifyRequest): Promise<string | null> {
    const named = token === undefined ? null : await sessions.find(token)
    return named ?? (await bearerSession(request, authenticate))
  }
  return {
    async refresh({ body: { refreshToken, tokenDelivery }, request }) {
      const presented = presentedToken(refreshToken, request, browsers)
      if (presented === undefined)
        throw new ProblemError('invalid-refresh-token', 'No refresh token was sent, in the cookie or the body')
      const { token, by } = presented
      return granted(200, await sessions.refresh(token), { request, cookies, tokenDelivery: tokenDelivery ?? by })
    },
    async logout({ body, request }) {
      const presented = presentedToken(body.refreshToken, request, browsers)
      const sessionId = await sessionOf(presented?.token, request)
      if (sessionId !== null) await sessions.end(sessionId)
      // A token in the body says nothing of the session whose cookie the browser has.
      return { status: 204, cookies: presented?.by === 'body' ? [] : [cleared(request)] }
    },
    async logoutAll({ principal, request }) {
      await sessions.endAll(principal.userId)
      return { status: 204, cookies: [cleared(request)] }
    },
    sessions: async ({ principal: { userId, sessionId } }) => ({
      status: 200,
      headers: noStore,
      body: { items: await sessions.list(userId, sessionId) },
    }),
    async endSession({ params: { id }, principal, request }) {
      await sessions.endOwn(principal.userId, id)
      return { status: 204, cookies: id === principal.sessionId ? [cleared(request)] : [] }
    },
  }
}

/** The session of the access token, if it is a good one: a bad one names nothing to end. */
async function bearerSession(request: FastifyRequest, authenticate: Authenticate): Promise<string | null> {
  try {
    return (await authenticate(request)).sessionId
  } catch (error) {
    if (isProblem(error, 'unauthenticated') || isProblem(error, 'token-expired')) return null
    throw error
  }
}
