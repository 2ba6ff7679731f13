import type { IncomingMessage } from 'node:http'
import { ProblemError } from '../problem.ts'
import { listOf } from './forwarded.ts'
import { unquoted } from './node-address.ts'

type Described = Pick<IncomingMessage, 'headers'>

/** Whether a request says that content follows. */
export const hasContentLength = ({ headers }: Described): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0

/**
 * Refuses content that we would read as something else than its sender wrote: compressed, or in another character encoding.
 * @throws ProblemError `unsupported-media-type`
 */
export function checkContentOrThrow(request: Described): void {
  if (!hasContentLength(request)) return
  const { headers } = request
  const coding = listOf(headers['content-encoding']).find((one) => one.toLowerCase() !== 'identity')
  if (coding !== undefined)
    throw new ProblemError(
      'unsupported-media-type',
      'The content is compressed: send it as it is, without Content-Encoding',
    )
  const charset = charsetOf(headers['content-type'] ?? '')
  if (charset !== null && !/^utf-?8$/i.test(charset))
    throw new ProblemError('unsupported-media-type', 'The only character encoding is UTF-8')
}

/** The parameter `charset` of a media type (RFC 9110, section 8.3.2), if there is one. */
function charsetOf(contentType: string): string | null {
  const found = /;[ \t]*charset=("(?:[^"\\]|\\.)*"|[^\s;"]*)/i.exec(contentType)
  return found === null ? null : unquoted(found[1] ?? '')
}
