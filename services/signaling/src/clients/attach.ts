import type { LinkAttach } from '@parley/contracts'
import { ProblemError } from '@parley/kit'
import type { Connections } from './connections.ts'
import type { Context } from '../node/context.ts'
import { holdWhile } from './dispatch.ts'
import type { Connection } from '../session/session.ts'
import { carryOn } from './carry-on.ts'
import type { LinkSocket } from '../link/link-socket.ts'

/**
 * Attaches a socket that a gateway holds. The client's own tokens prove who it is, and that a session is theirs. Rejects with
 * the problem that it is refused with; then nothing of it is left here.
 */
export async function attach(
  context: Context,
  connections: Connections,
  { socket, asked }: { socket: LinkSocket; asked: LinkAttach },
): Promise<Connection> {
  const { accessToken, session } = asked
  const principal = accessToken === null ? null : await context.auth.verifier.verify(accessToken)
  if (principal !== null) connections.checkShareOrThrow(principal)
  const connection = connections.add(socket, principal, asked)
  if (session === null) return connection
  try {
    if (principal === null) throw new ProblemError('unauthenticated')
    const carrying = carryOn(context, connection, { principal, session })
    void holdWhile(
      context,
      connection,
      carrying.catch(() => {}),
    )
    await carrying
    return connection
  } catch (error) {
    connections.lost(connection)
    throw error
  }
}
