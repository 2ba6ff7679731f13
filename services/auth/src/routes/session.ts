import { isProblem, ProblemError, type Authenticate } from '@parley/kit'
import type { FastifyRequest } from 'fastify'
import { presentedToken } from '../sessions/credentials.ts'
import { granted, noStore } from './answers.ts'
import type { AuthHandlers, RoutesDeps } from './deps.ts'

type SessionHandlers = Pick<AuthHandlers, 'refresh' | 'logout' | 'logoutAll' | 'sessions' | 'endSession'>

export function session({ sessions, authenticate, ...browsers }: RoutesDeps): SessionHandlers {
  const { cookies } = browsers
  /** A token in the body comes before the cookie, which another tab may have got for somebody else. */
  async function sessionOf(body: string | undefined, cookie: string | undefined, request: FastifyRequest) {
    const named = body === undefined ? null : await sessions.find(body)
    const said = named?.id ?? (await bearerSession(request, authenticate))
    return said ?? (cookie === undefined ? null : ((await sessions.find(cookie))?.id ?? null))
  }
  /** The cookie goes with the session that it is of; another's stays. */
  async function forgetCookie(request: FastifyRequest, isOver: (session: { id: string; userId: string }) => boolean) {
    const token = cookies.read('refresh', request)
    const session = token === undefined ? null : await sessions.find(token)
    return session === null || isOver(session) ? [cookies.set('refresh', request, { value: '', maxAge: 0 })] : []
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
      const cookie = presented?.by === 'cookie' ? presented.token : undefined
      const sessionId = await sessionOf(body.refreshToken, cookie, request)
      if (sessionId !== null) await sessions.end(sessionId)
      // A token in the body says nothing of the session whose cookie the browser has.
      const isOver = (session: { id: string }): boolean => session.id === sessionId
      return { status: 204, cookies: presented?.by === 'body' ? [] : await forgetCookie(request, isOver) }
    },
    async logoutAll({ principal, request }) {
      await sessions.endAll(principal.userId)
      return { status: 204, cookies: await forgetCookie(request, ({ userId }) => userId === principal.userId) }
    },
    sessions: async ({ principal: { userId, sessionId } }) => ({
      status: 200,
      headers: noStore,
      body: { items: await sessions.list(userId, sessionId) },
    }),
    async endSession({ params: { id }, principal, request }) {
      await sessions.endOwn(principal.userId, id)
      const isOver = (session: { id: string }): boolean => session.id === id
      return { status: 204, cookies: id === principal.sessionId ? await forgetCookie(request, isOver) : [] }
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
