import type { IncomingMessage } from 'node:http'
import { checkTransferCodingOrThrow, ProblemError } from '@parley/kit'
import { isHost } from './origins.ts'

/** Headers of which two are a way to be read in two ways. */
const single = new Set(['host', 'authorization', 'content-length', 'content-type', 'transfer-encoding', 'x-request-id'])
/**
 * Encoded separators and NUL, empty and dot segments, what no path of ours has and what two parsers may read
 * differently.
 */
const oddPath = /%(?:2f|5c|00|2e|25)|[^!-~]|[\\#]|\/\/|\/\.\.?(?:\/|$)/i

/**
 * Refuses what the gateway and a service behind it could understand differently (request smuggling, ASVS 4.2.1) before
 * anything is routed.
 * @throws ProblemError `invalid-input`
 */
export function checkShapeOrThrow(request: IncomingMessage): void {
  const { url = '', rawHeaders } = request
  const query = url.indexOf('?')
  const path = query === -1 ? url : url.slice(0, query)
  if (path[0] !== '/' || oddPath.test(path))
    throw new ProblemError('invalid-input', 'The path of the request is malformed')
  checkTransferCodingOrThrow(request)
  let seen: Set<string> | undefined
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]?.toLowerCase() ?? ''
    if (!single.has(name)) continue
    if (seen?.has(name) === true) throw new ProblemError('invalid-input', `The header ${name} is there twice`)
    seen = (seen ?? new Set()).add(name)
    if (name === 'host' && !isHost(rawHeaders[index + 1] ?? ''))
      throw new ProblemError('invalid-input', 'The Host header is malformed')
  }
}

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
