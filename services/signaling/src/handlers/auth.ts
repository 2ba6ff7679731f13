import { ProblemError } from '@parley/kit'
import type { Handler } from './call.ts'

/** Signs in, or renews: the new token must be of the same user. A bad one closes the socket (see dispatch). */
export const authenticate: Handler<'auth.authenticate'> = async ({ context, connection, payload }) => {
  const principal = await context.auth.verifier.verify(payload.accessToken)
  const { session } = connection
  if (session.state === 'closed') throw new ProblemError('unauthenticated')
  if (session.state === 'connected') {
    context.shares.checkOrThrow(principal.userId)
    context.shares.take(principal.userId)
    connection.session = { state: 'authenticated', principal }
  } else {
    if (session.principal.userId !== principal.userId)
      throw new ProblemError('unauthenticated', 'This token belongs to somebody else')
    connection.session = { ...session, principal }
  }
  return {
    type: 'auth.ok',
    payload: { userId: principal.userId, expiresAt: new Date(principal.expiresAt * 1_000).toISOString() },
  }
}
