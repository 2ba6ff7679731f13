import { STATUS_CODES, type IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { newId } from '../ids.ts'
import { ProblemError } from '../problem.ts'
import { headerValues } from './header-values.ts'

/** Headers for every answer, whoever makes it, by the values of the request's Origin header. */
export type HeadersFor = (origins: readonly string[] | undefined) => Readonly<Record<string, string>>
type Failed = Error & { code?: string; rawPacket?: unknown }

/** Gives a reply the headers of every answer. */
export const addHeaders = (reply: FastifyReply, request: FastifyRequest, headersFor: HeadersFor): FastifyReply =>
  reply.headers(headersFor(headerValues(request.raw, 'origin'))).header('x-request-id', request.id)

/** Answers what is not even HTTP, then closes. */
export function answerClientError(headersFor: HeadersFor): (error: Failed, socket: Duplex) => void {
  return (error, socket) => {
    if (error.code === 'ECONNRESET' || !socket.writable) {
      socket.destroy()
      return
    }
    answerRaw(socket, problemOfParser(error.code), headersFor(originsIn(error.rawPacket)))
  }
}

/** Nobody is connected to anything through us (RFC 9110, section 9.3.6). */
export const answerConnect =
  (headersFor: HeadersFor) =>
  (request: IncomingMessage, socket: Duplex): void => {
    socket.on('error', () => socket.destroy())
    answerRaw(socket, new ProblemError('method-not-allowed', 'This server is no proxy'), {
      ...headersFor(headerValues(request, 'origin')),
      allow: 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS',
    })
  }

function answerRaw(socket: Duplex, error: ProblemError, headers: Readonly<Record<string, string>>): void {
  const id = newId()
  const problem = error.toProblem(id)
  const body = JSON.stringify(problem)
  const all = {
    ...headers,
    'x-request-id': id,
    'content-type': 'application/problem+json',
    'cache-control': 'no-store',
    'content-length': String(Buffer.byteLength(body)),
    connection: 'close',
  }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
  socket.end(`HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status] ?? ''}\r\n${lines.join('')}\r\n${body}`)
}

const name = 'origin:'

/** The bytes that the parser had read: it gave up before it told of any header. */
const originsIn = (packet: unknown): string[] | undefined => {
  if (!Buffer.isBuffer(packet)) return undefined
  const [head = ''] = packet.toString('latin1').split('\r\n\r\n', 1)
  const lines = head.split('\r\n').filter((line) => line.slice(0, name.length).toLowerCase() === name)
  const found = lines.map((line) => line.slice(name.length).trim())
  return found.length === 0 ? undefined : found
}

function problemOfParser(code: string | undefined): ProblemError {
  if (code === 'HPE_HEADER_OVERFLOW') return new ProblemError('headers-too-large')
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT')
    return new ProblemError('deadline-exceeded', 'The request did not arrive in time', { status: 408 })
  return new ProblemError('invalid-input', 'The request is not valid HTTP')
}
