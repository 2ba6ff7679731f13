import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { ProblemCode } from '@parley/contracts'
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { asProblem } from '../db/errors.ts'
import { newId } from '../ids.ts'
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
    const problem = asProblem(error) ?? fromFastify(error)
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
  reply.code(problem.status).type('application/problem+json').header('cache-control', 'no-store')
  if (problem.retryAfterMs !== undefined) reply.header('retry-after', String(Math.ceil(problem.retryAfterMs / 1000)))
  if (problem.sizeBytes !== undefined) reply.header('content-range', `bytes */${problem.sizeBytes}`)
  if (problem.status === 401) reply.header('www-authenticate', 'Bearer')
  void reply.header('x-request-id', reply.request.id).send(Buffer.from(JSON.stringify(problem)))
}

function fromFastify(error: Error): ProblemError | null {
  const code = 'code' in error && typeof error.code === 'string' ? byFastifyCode[error.code] : undefined
  return code === undefined ? null : new ProblemError(code, details[code])
}

const details: Partial<Record<ProblemCode, string>> = {
  'invalid-input': 'The address or the length of the request is malformed',
}

/** Answers what is not even HTTP, then closes. */
export function answerClientError(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const problem = problemOfParser(error.code).toProblem(newId())
  const body = JSON.stringify(problem)
  socket.end(
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status] ?? ''}\r\ncontent-type: application/problem+json\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  )
}

function problemOfParser(code: string | undefined): ProblemError {
  if (code === 'HPE_HEADER_OVERFLOW') return new ProblemError('headers-too-large')
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT')
    return new ProblemError('deadline-exceeded', 'The request did not arrive in time', { status: 408 })
  return new ProblemError('invalid-input', 'The request is not valid HTTP')
}
