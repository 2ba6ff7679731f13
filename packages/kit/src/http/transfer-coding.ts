import type { IncomingMessage } from 'node:http'
import { ProblemError } from '../problem.ts'

/**
 * Node tells of a request before its parser has found fault with a coding it does not know, and takes `gzip, chunked`
 * for chunked: whoever passes that on passes on a body whose end is a matter of opinion (RFC 9112, 6.1).
 * @throws ProblemError `invalid-input`
 */
export function checkTransferCodingOrThrow({ headers, httpVersion }: IncomingMessage): void {
  const coding = headers['transfer-encoding']
  if (coding === undefined) return
  if (coding.toLowerCase() === 'chunked' && httpVersion === '1.1' && headers['content-length'] === undefined) return
  throw new ProblemError('invalid-input', 'Only chunked transfer coding is supported, and without Content-Length')
}
