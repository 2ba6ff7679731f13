import { headerValues, type HeadersFor, type HttpServer } from '@parley/kit'
import type { Origins } from './origins.ts'

/** The headers that a page's code may read besides the few headers that it always may (Fetch standard, section 3.3). */
const exposed = [
  'ETag',
  'Location',
  'Retry-After',
  'X-Request-Id',
  'Content-Disposition',
  'Content-Range',
  'Accept-Ranges',
  'Upload-Length',
  'Upload-Offset',
  'WWW-Authenticate',
]
/** The headers it may send: what we read, and what tracing, caching and HTTP libraries add to every request by themselves. */
const allowedHeaders = [
  'authorization',
  'content-type',
  'idempotency-key',
  'if-match',
  'if-none-match',
  'last-event-id',
  'x-request-id',
  'range',
  'if-range',
  'content-range',
  'traceparent',
  'tracestate',
  'baggage',
  'sentry-trace',
  'x-requested-with',
  'cache-control',
  'pragma',
]
const preflightAnswer = {
  'access-control-allow-methods': 'GET, HEAD, POST, PUT, PATCH, DELETE',
  'access-control-allow-headers': allowedHeaders.join(', '),
  'access-control-max-age': '600',
}

/**
 * The CORS headers of an answer, by the Origin header of its request. They are made from that header alone, so that every answer can
 * have them: also those that are made before there is a whole request.
 */
export const crossOriginHeaders =
  (origins: Pick<Origins, 'mayRead'>): HeadersFor =>
  (given) => {
    const [origin] = given ?? []
    if (origin === undefined || !origins.mayRead(given)) return { vary: 'Origin' }
    return {
      vary: 'Origin',
      'access-control-allow-origin': origin,
      'access-control-allow-credentials': 'true',
      'access-control-expose-headers': exposed.join(', '),
    }
  }

/** Answers the preflights of pages that may read our answers. */
export function answerPreflights(app: HttpServer, origins: Pick<Origins, 'mayRead'>): void {
  app.addHook('onRequest', async ({ method, raw }, reply) => {
    if (method !== 'OPTIONS' || raw.headers['access-control-request-method'] === undefined) return
    if (!origins.mayRead(headerValues(raw, 'origin'))) return
    return reply.code(204).headers(preflightAnswer).send()
  })
}
