import { isProblem, ProblemError, type Authenticate } from '@parley/kit'
import type { FastifyRequest } from 'fastify'
import { clearedCookie } from '../sessions/cookie.ts'
import { presentedToken } from '../sessions/credentials.ts'
import { granted, noStore } from './answers.ts'
import type { AuthHandlers, RoutesDeps } from './deps.ts'

type SessionHandlers = Pick<AuthHandlers, 'refresh' | 'logout' | 'logoutAll' | 'sessions' | 'endSession'>

export function session({ sessions, authenticate, allowedOrigins }: RoutesDeps): SessionHandlers {
  async function sessionOf(token: string | undefined, request: FastifyRequest): Promise<string | null> {
    const named = token === undefined ? null : await sessions.find(token)
    return named ?? (await bearerSession(request, authenticate))
  }
  return {
    async refresh({ body: { refreshToken, tokenDelivery }, request }) {
      const token = presentedToken(refreshToken, request, allowedOrigins)
      if (token === undefined)
        throw new ProblemError('invalid-refresh-token', 'No refresh token was sent, in the cookie or the body')
      return granted(200, await sessions.refresh(token), { request, tokenDelivery })
    },
    async logout({ body, request }) {
      const sessionId = await sessionOf(presentedToken(body.refreshToken, request, allowedOrigins), request)
      if (sessionId !== null) await sessions.end(sessionId)
      return { status: 204, cookies: [clearedCookie(request)] }
    },
    async logoutAll({ principal, request }) {
      await sessions.endAll(principal.userId)
      return { status: 204, cookies: [clearedCookie(request)] }
    },
    sessions: async ({ principal: { userId, sessionId } }) => ({
      status: 200,
      headers: noStore,
      body: { items: await sessions.list(userId, sessionId) },
    }),
    async endSession({ params: { id }, principal, request }) {
      await sessions.endOwn(principal.userId, id)
      return { status: 204, cookies: id === principal.sessionId ? [clearedCookie(request)] : [] }
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
