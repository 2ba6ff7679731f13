import { SpanStatusCode, type Span } from '@opentelemetry/api'
import { isTracing, openSpan, within } from '../tracing/trace.ts'
import type { HttpServer } from './server.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Of a request to the API while traces are recorded. */
    span: Span | null
  }
}

/** A span per request to the API, which goes on with the trace of its caller. Without tracing nothing is added. */
export function traceRequests(app: HttpServer): void {
  app.decorateRequest('span', null)
  if (!isTracing()) return
  app.addHook('onRequest', (request, _reply, done) => {
    const route = request.routeOptions.url ?? ''
    if (!route.startsWith('/v1')) return done()
    const { method, id } = request
    const attributes = { 'http.request.method': method, 'http.route': route, 'parley.request_id': id }
    request.span = openSpan({ name: `${method} ${route}`, kind: 'server', attributes }, request.headers)
    within(request.span, done)
  })
  // The body arrives by events of the socket, which know nothing of the request.
  app.addHook('preValidation', ({ span }, _reply, done) => (span === null ? done() : within(span, done)))
  app.addHook('onResponse', async ({ span }, { statusCode }) => {
    span?.setAttribute('http.response.status_code', statusCode)
    if (statusCode >= 500) span?.setStatus({ code: SpanStatusCode.ERROR })
    span?.end()
  })
}
