import type { IncomingMessage } from 'node:http'
import { bearerPrefix, subprotocol } from '@parley/contracts'
import { ProblemError } from '@parley/kit'

export const socketPath = '/v1/ws'

/** The parameters of an opening handshake. */
export interface Handshake {
  /** The access token offered as a subprotocol, if any. */
  token: string | null
  /** The meeting hint of the address, if it is one that can be. */
  meeting: string | null
}

/** The path of a request without its query. */
export const pathOf = ({ url = '' }: IncomingMessage): string => url.split('?', 1)[0] ?? ''

/**
 * Checks that a request is an opening handshake (RFC 6455, 4.2.1), has no body, and is for version 13.
 * @throws ProblemError `not-found`, `method-not-allowed`, `invalid-input`
 */
export function checkHandshakeOrThrow(request: IncomingMessage): void {
  const { headers, method } = request
  if (method !== 'GET') throw new ProblemError('method-not-allowed')
  if (request.httpVersion !== '1.1') throw new ProblemError('invalid-input', 'A WebSocket needs HTTP/1.1')
  if (headers.upgrade?.toLowerCase() !== 'websocket')
    throw new ProblemError('invalid-input', 'The Upgrade header must be websocket')
  if (headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) !== 0) {
    throw new ProblemError('invalid-input', 'An opening handshake has no body')
  }
  if (headers['sec-websocket-version'] !== '13') {
    throw new ProblemError('invalid-input', 'Sec-WebSocket-Version must be 13', { status: 426 })
  }
  // 16 bytes in base64.
  if (!/^[A-Za-z0-9+/]{22}==$/.test(headers['sec-websocket-key'] ?? '')) {
    throw new ProblemError('invalid-input', 'Sec-WebSocket-Key is malformed')
  }
}

/**
 * Reads subprotocols and hint.
 * @throws ProblemError `invalid-input` when `parley.v1` is not offered, or two tokens are
 */
export function readHandshakeOrThrow({ headers, url = '' }: IncomingMessage): Handshake {
  const offered = (headers['sec-websocket-protocol'] ?? '').split(',').map((one) => one.trim())
  if (!offered.includes(subprotocol))
    throw new ProblemError('invalid-input', `The subprotocol ${subprotocol} must be offered`)
  const tokens = offered.filter((one) => one.startsWith(bearerPrefix))
  if (tokens.length > 1) throw new ProblemError('invalid-input', 'One token at most can be offered')
  return { token: tokens[0]?.slice(bearerPrefix.length) ?? null, meeting: hintOf({ url }) }
}

/** The meeting that an address names, if it is one that can be. Anybody can name any. */
export function hintOf({ url = '' }: Pick<IncomingMessage, 'url'>): string | null {
  const meeting = new URLSearchParams(url.split('?')[1]).get('meeting')
  return meeting !== null && /^[\w-]{1,64}$/.test(meeting) ? meeting : null
}
