import { ProblemError } from '../problem.ts'
import type { HttpServer } from './server.ts'

const decoder = new TextDecoder('utf-8', { fatal: true })

/**
 * Reads JSON bodies: UTF-8 only (RFC 8259, section 8.1), without keys that change what an object is. An empty body with a JSON
 * content type is no body: many clients set the header on every request.
 */
export function readJsonBodies(app: HttpServer): void {
  const parse = app.getDefaultJsonParser('error', 'error')
  app.removeContentTypeParser('application/json')
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    if (body.length === 0) return done(null, undefined)
    try {
      return void parse(request, decoder.decode(typeof body === 'string' ? Buffer.from(body) : body), done)
    } catch (error) {
      done(new ProblemError('malformed-json', 'The body is not valid UTF-8', {}, { cause: error }))
    }
  })
}
