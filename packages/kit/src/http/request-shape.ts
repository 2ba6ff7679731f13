import type { IncomingMessage } from 'node:http'
import { ProblemError } from '../problem.ts'
import { checkTransferCodingOrThrow } from './transfer-coding.ts'

/** Headers of which two are a way to be read in two ways. */
const single = new Set(['host', 'authorization', 'content-length', 'content-type', 'transfer-encoding', 'x-request-id'])
/**
 * Encoded separators and NUL, empty and dot segments. No path of ours has them, and two parsers may read them differently.
 */
const oddPath = /%(?:2f|5c|00|2e|25)|[^!-~]|[\\#]|\/\/|\/\.\.?(?:\/|$)/i

const hostPattern = /^(?:[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{1,5})?$/

/** Whether a Host header is a host with an optional port. */
export const isHost = (host: string): boolean => hostPattern.test(host)

/**
 * The limit of all headers together, which the parser knows too, but only by giving up on the connection.
 * @throws ProblemError `headers-too-large`
 */
export function checkHeaderSizeOrThrow({ rawHeaders }: Pick<IncomingMessage, 'rawHeaders'>, maxBytes: number): void {
  let bytes = 0
  // Latin-1: a character is a byte; `: ` and the end of the line are four.
  for (const text of rawHeaders) bytes += text.length + 2
  if (bytes > maxBytes) throw new ProblemError('headers-too-large')
}

/**
 * Refuses what the gateway and a service behind it could understand differently (request smuggling, ASVS 4.2.1) before
 * anything is routed: both by this one rule.
 * @throws ProblemError `invalid-input`
 */
export function checkShapeOrThrow(request: IncomingMessage): void {
  const { url = '', rawHeaders } = request
  const query = url.indexOf('?')
  const path = query === -1 ? url : url.slice(0, query)
  if (path[0] !== '/' || oddPath.test(path))
    throw new ProblemError('invalid-input', 'The path of the request is malformed')
  checkTransferCodingOrThrow(request)
  if (request.headers.host === undefined && request.httpVersion === '1.1')
    throw new ProblemError('invalid-input', 'The Host header is missing')
  let seen: Set<string> | undefined
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]?.toLowerCase() ?? ''
    if (!single.has(name)) continue
    if (seen?.has(name) === true) throw new ProblemError('invalid-input', `The header ${name} was sent twice`)
    seen = (seen ?? new Set()).add(name)
    if (name === 'host' && !isHost(rawHeaders[index + 1] ?? ''))
      throw new ProblemError('invalid-input', 'The Host header is malformed')
  }
}

/**
 * Refuses a query with an escape that is none: a lenient parser would take its text for the value.
 * @throws ProblemError `invalid-input` with the name of the field
 */
export function checkQueryOrThrow({ url = '' }: IncomingMessage): void {
  const query = url.indexOf('?')
  if (query === -1 || !url.includes('%', query)) return
  for (const field of url.slice(query + 1).split('&')) {
    if (isDecodable(field)) continue
    const name = field.split('=', 1)[0] ?? ''
    const path = `query.${isDecodable(name) ? decodeURIComponent(name) : ''}`.slice(0, maxPath)
    throw new ProblemError('invalid-input', undefined, {
      errors: [{ path, message: 'must be UTF-8, percent-encoded (RFC 3986)' }],
    })
  }
}
const maxPath = 120

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text)
    return true
  } catch {
    return false
  }
}
