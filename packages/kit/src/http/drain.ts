import type { Logger } from '../logger.ts'
import { StartupError } from '../startup-error.ts'
import type { HttpServer } from './server.ts'

/**
 * How many connections the system keeps before this process takes them, if its own limit (`net.core.somaxconn`) allows as
 * many. A client that finds no place comes again after 1, 3 and 7 s (RFC 6298): with Node's 511, after an outage that cut everybody,
 * many do.
 */
const backlog = 4_096

/**
 * Begins to serve. Port 0 takes a free one.
 * @throws StartupError when the port is taken or the address is not ours
 */
export async function startHttp(
  app: HttpServer,
  { host, port }: { host: string; port: number },
): Promise<{ url: string }> {
  try {
    await app.listen({ host, port, backlog, listenTextResolver: () => 'listening' })
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'EADDRINUSE') throw new StartupError(`port ${port} is in use`, { cause: error })
    if (code === 'EACCES')
      throw new StartupError(`port ${port} needs privileges that this process does not have`, { cause: error })
    if (code === 'EADDRNOTAVAIL') throw new StartupError(`${host} is not an address of this machine`, { cause: error })
    throw error
  }
  const address = app.server.address()
  if (address === null || typeof address === 'string') throw new StartupError('the server has no address')
  const reachable = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '[::1]' : host.includes(':') ? `[${host}]` : host
  return { url: `http://${reachable}:${address.port}` }
}

/**
 * Stops accepting, lets requests under way finish, and closes each connection as it falls idle. At the deadline it destroys the rest,
 * upgraded sockets included: `fastify.close()` alone has no deadline.
 */
export async function drainHttp(
  app: HttpServer,
  { deadlineMs, log }: { deadlineMs: number; log: Logger },
): Promise<void> {
  app.draining = true
  const closed = new Promise<void>((resolve) => app.server.close(() => resolve()))
  app.server.closeIdleConnections()
  const idle = setInterval(() => app.server.closeIdleConnections(), Math.min(1000, Math.max(50, deadlineMs / 4)))
  const deadline = setTimeout(() => {
    log.warn({ sockets: app.sockets.size }, 'drain deadline reached; closing what is left')
    app.server.closeAllConnections()
    for (const socket of app.sockets) socket.destroy()
  }, deadlineMs)
  await closed
  clearInterval(idle)
  clearTimeout(deadline)
  await app.close()
}
