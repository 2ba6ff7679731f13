import type { IncomingMessage } from 'node:http'
import { ProblemError } from '@parley/kit'

/** Of all headers together, those of a WebSocket's handshake included. */
export const maxHeaderBytes = 16_384

/**
 * @throws ProblemError `invalid-input` when a GET or HEAD has a body, which one side might read and the other leave for
 * the next request
 */
export function checkBodilessOrThrow({ method, headers }: IncomingMessage): void {
  if (method !== 'GET' && method !== 'HEAD') return
  const length = headers['content-length']
  if (headers['transfer-encoding'] === undefined && (length === undefined || Number(length) === 0)) return
  throw new ProblemError('invalid-input', `A ${method} request has no body`)
}
