import { STATUS_CODES } from 'node:http'
import type { ProblemCode } from '@parley/contracts'
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { asProblem } from '../db/errors.ts'
import type { Logger } from '../logger.ts'
import { ProblemError } from '../problem.ts'

/** Fastify's own errors that are the caller's fault. */
const byFastifyCode: Readonly<Record<string, ProblemCode>> = {
  FST_ERR_CTP_INVALID_JSON_BODY: 'malformed-json',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'malformed-json',
  FST_ERR_CTP_BODY_TOO_LARGE: 'too-large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'unsupported-media-type',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'invalid-input',
  FST_ERR_BAD_URL: 'invalid-input',
  FST_ERR_MAX_PARAM_LENGTH: 'invalid-input',
}

/**
 * The one place where an error becomes an answer: catalogued problems as they are, anything else as `internal`, logged
 * with its cause.
 */
export function answerError(log: Logger) {
  return (error: FastifyError | ProblemError | Error, request: FastifyRequest, reply: FastifyReply): void => {
    const problem = asProblem(error) ?? fromLibrary(error)
    if (problem !== null && problem.code !== 'internal') {
      if (problem.cause !== undefined) log.warn({ err: problem, requestId: request.id }, 'request failed')
      sendProblem(reply, problem)
      return
    }
    log.error(
      { err: error, requestId: request.id, method: request.method, route: request.routeOptions.url },
      'request failed',
    )
    sendProblem(reply, new ProblemError('internal'))
  }
}

/** Ends a reply with a problem (RFC 9457). */
export function sendProblem(reply: FastifyReply, error: ProblemError): void {
  const problem = error.toProblem(reply.request.id)
  reply.request.noted = { ...reply.request.noted, code: problem.code }
  reply.code(problem.status).type('application/problem+json').header('cache-control', 'no-store')
  if (problem.retryAfterMs !== undefined) reply.header('retry-after', String(Math.ceil(problem.retryAfterMs / 1000)))
  if (problem.sizeBytes !== undefined) reply.header('content-range', `bytes */${problem.sizeBytes}`)
  if (problem.status === 401) reply.header('www-authenticate', 'Bearer')
  // Which content codings there might have been (RFC 9110, sections 12.5.3 and 15.5.16).
  if (problem.status === 415) reply.header('accept-encoding', 'identity')
  void reply.header('x-request-id', reply.request.id).send(Buffer.from(JSON.stringify(problem)))
}

/** A library's error that says by its status that the caller is at fault stays what it is. */
function fromLibrary(error: Error): ProblemError | null {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  const known = byFastifyCode[code]
  if (known !== undefined) return new ProblemError(known, details[known])
  const status = statusOf(error, code)
  if (status === null) return null
  const kind = byStatus[status]
  return kind === undefined
    ? new ProblemError('invalid-input', STATUS_CODES[status] ?? 'The request cannot be served', { status })
    : new ProblemError(kind)
}

/**
 * The status 4xx of an error of the HTTP libraries: Fastify's have codes of their own, those of `http-errors` say whether they are
 * for the caller. A client of another server may have a status too, but that is not ours to pass on.
 */
function statusOf(error: Error, code: string): number | null {
  if (!('statusCode' in error) || typeof error.statusCode !== 'number') return null
  if (!code.startsWith('FST_') && !('expose' in error && error.expose === true)) return null
  return error.statusCode >= 400 && error.statusCode < 500 ? error.statusCode : null
}

const byStatus: Readonly<Record<number, ProblemCode>> = {
  400: 'invalid-input',
  // A message that a library would not show is left out.
  403: 'not-found',
  404: 'not-found',
  413: 'too-large',
  415: 'unsupported-media-type',
  431: 'headers-too-large',
}

const details: Partial<Record<ProblemCode, string>> = {
  'invalid-input': 'The address or the length of the request is malformed',
}
