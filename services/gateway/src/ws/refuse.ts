import { STATUS_CODES } from 'node:http'
import { finished, type Duplex } from 'node:stream'
import type { ProblemError } from '@parley/kit'

const lingerMs = 2_000

/** Answers a handshake with a problem and closes. */
export function refuse(socket: Duplex, problem: ProblemError, requestId: string): void {
  const body = problem.toProblem(requestId)
  const headers: Record<string, string> = { 'content-type': 'application/problem+json', 'x-request-id': requestId }
  if (body.retryAfterMs !== undefined) headers['retry-after'] = String(Math.ceil(body.retryAfterMs / 1000))
  if (body.status === 401) headers['www-authenticate'] = 'Bearer'
  if (body.status === 405) headers['allow'] = 'GET'
  if (body.status === 426) headers['sec-websocket-version'] = '13'
  answer(socket, body.status, { headers, body: JSON.stringify(body) })
}

function answer(
  socket: Duplex,
  status: number,
  { headers, body }: { headers: Record<string, string>; body: string },
): void {
  const all = {
    ...headers,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    connection: 'close',
  }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`)
  // A client that goes on sending, or does not close, is not waited for.
  const timer = setTimeout(() => socket.destroy(), lingerMs)
  finished(socket, () => clearTimeout(timer))
  socket.resume()
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${lines.join('\r\n')}\r\n\r\n${body}`)
}
