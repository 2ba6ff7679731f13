import type { IncomingMessage } from 'node:http'
import { bearerPrefix, Id } from '@parley/contracts'
import { compile, ProblemError } from '@parley/kit'
import { pathOf } from '../ws/handshake.ts'

export const janusSubprotocol = 'janus-protocol'
export const janusRoute = '/v1/janus/:server'

/** Whether a request is for a Janus. */
export const isForJanus = (request: IncomingMessage): boolean => serverOf(request) !== null

/** The parameters of an opening handshake: which Janus, and as whom. */
export interface JanusHandshake {
  token: string
  janusId: string
  meetingId: string
  participantId: string
}

const checkId = compile(Id)

/**
 * Reads the address and the subprotocols, of which a browser can choose what it likes and no other header.
 * @throws ProblemError `invalid-input`, `unauthenticated` when no token is offered
 */
export function readJanusHandshakeOrThrow(request: IncomingMessage): JanusHandshake {
  const { headers, url = '' } = request
  const offered = (headers['sec-websocket-protocol'] ?? '').split(',').map((one) => one.trim())
  const [token, another] = offered.filter((one) => one.startsWith(bearerPrefix))
  if (token === undefined)
    throw new ProblemError('unauthenticated', `Offer your access token as the subprotocol ${bearerPrefix}<accessToken>`)
  if (another !== undefined) throw new ProblemError('invalid-input', 'One token at most can be offered')
  if (!offered.includes(janusSubprotocol))
    throw new ProblemError('invalid-input', `The subprotocol ${janusSubprotocol} must be offered`)
  const { searchParams } = new URL(url, 'http://gateway')
  return {
    token: token.slice(bearerPrefix.length),
    janusId: serverOf(request) ?? '',
    meetingId: idOrThrow(searchParams, 'meeting'),
    participantId: idOrThrow(searchParams, 'participant'),
  }
}

function idOrThrow(params: URLSearchParams, name: string): string {
  const value = params.get(name)
  if (value === null || checkId(value).length > 0)
    throw new ProblemError('invalid-input', 'Open the url of the janus-token as it is', {
      errors: [{ path: `query.${name}`, message: 'must be the id that the url has' }],
    })
  return value
}

const serverOf = (request: IncomingMessage): string | null =>
  /^\/v1\/janus\/([\w-]{1,40})$/.exec(pathOf(request))?.[1] ?? null
