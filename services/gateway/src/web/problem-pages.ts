import { problems, type ProblemCode } from '@parley/contracts'
import { ProblemError, type HttpServer } from '@parley/kit'
import { prefersHtml } from './accept.ts'
import { help } from './problem-help.ts'

/** `/problems` lists the catalogue, `/problems/:code` explains one: the `type` URI of every problem opens it. */
export function serveProblemPages(app: HttpServer): void {
  app.get('/problems', async (request, reply) => {
    if (!prefersHtml(request.headers.accept))
      return reply.type('text/plain; charset=utf-8').send(codes.map(text).join('\n'))
    const rows = codes.map((code) => `<dt><a href="/problems/${code}">${code}</a></dt><dd>${escape(help[code])}</dd>`)
    return reply.type('text/html; charset=utf-8').send(page('Problems', `<dl>${rows.join('')}</dl>`))
  })
  app.get<{ Params: { code: string } }>('/problems/:code', async (request, reply) => {
    const code = codes.find((one) => one === request.params.code)
    if (code === undefined)
      throw new ProblemError('not-found', 'There is no problem with this code; /problems lists them')
    if (!prefersHtml(request.headers.accept)) return reply.type('text/plain; charset=utf-8').send(text(code))
    const { status, title, retryable } = problems[code]
    const again = retryable ? 'The same request may succeed later.' : 'The same request will fail again.'
    const body = `<p><code>${code}</code>, status ${status}. ${again}</p><p>${escape(help[code])}</p><p><a href="/problems">All problems</a></p>`
    return reply.type('text/html; charset=utf-8').send(page(title, body))
  })
}

const codes = Object.keys(problems) as ProblemCode[]

const text = (code: ProblemCode): string =>
  `${code} (${problems[code].status}): ${problems[code].title}\n  ${help[code]}\n`

const escape = (plain: string): string => plain.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('`', '')

const page = (title: string, body: string): string =>
  `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${escape(title)} · Parley</title></head><body><h1>${escape(title)}</h1>${body}</body></html>`
