import type { Readable } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { ProblemError } from '../problem.ts'
import { mayTakeLong } from './arrival.ts'
import type { HttpServer } from './server.ts'

/** How long a body of bytes, on its way in or out, may stand still. */
const stalledMs = 30_000

/** Routes in `serve` get their bodies as they come, of whatever type they are said to be. */
export const takeBytes = (app: HttpServer, serve: (scope: HttpServer) => void): PromiseLike<unknown> =>
  app.register(async (scope) => {
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', (_request, payload, done) => done(null, payload))
    serve(scope)
  })

/**
 * The body of a request, which may take as long as it wants while it goes on.
 * @throws ProblemError `too-large`, and `invalid-input` when it does not say how long it is
 */
export function bytesOf({ raw }: FastifyRequest, maxBytes: number): Readable {
  const length = raw.headers['content-length']
  if (length === undefined) throw new ProblemError('invalid-input', 'The Content-Length header is missing')
  if (Number(length) > maxBytes) throw new ProblemError('too-large', `At most ${maxBytes} bytes can be sent at once`)
  mayTakeLong(raw, stalledMs)
  return raw
}

interface BytesHead {
  status: number
  headers?: Readonly<Record<string, string>>
}

/** Sends bytes no faster than they are read. It breaks off when the client stops reading or the source fails. */
export function sendBytes(reply: FastifyReply, { status, headers = {} }: BytesHead, bytes: Readable): FastifyReply {
  reply.code(status).headers(headers)
  if (reply.request.method === 'HEAD') {
    bytes.destroy()
    reply.hijack()
    reply.raw.writeHead(status, headersOf(reply)).end()
    return reply
  }
  reply.raw.setTimeout(stalledMs, () => reply.raw.destroy())
  return reply.send(bytes)
}

const headersOf = (reply: FastifyReply): string[] =>
  Object.entries(reply.getHeaders()).flatMap(([name, value]) => [name, String(value)])
