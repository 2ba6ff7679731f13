import { existsSync } from 'node:fs'
import { join } from 'node:path'
import fastifyStatic from '@fastify/static'
import { isPagePath } from '@parley/contracts'
import type { HttpServer } from '@parley/kit'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { takesHtml } from './accept.ts'

const yearMs = 365 * 24 * 3600 * 1000
/** The paths of the API: an unknown address below these is a problem, never the page. */
const notPage = /^\/(?:v1|\.well-known|docs|problems|livez|readyz|version|metrics)(?:\/|$)/
const missing =
  'Parley runs, but its web page was not built: run the build of packages/web, or set WEB_DIR. The API is documented at /docs.\n'

/**
 * Serves the web page in `dir`: files as they are, or compressed if the build has left a compressed one beside them. The page itself is
 * served at its own addresses (`/m/abc-defg-hij`), to everybody who takes HTML. A browser gets the page at other addresses too, as the body
 * of a 404: it says what is wrong, and a frontend of somebody's own in `WEB_DIR` has addresses of its own.
 */
export async function servePage(app: HttpServer, dir: string): Promise<void> {
  if (!existsSync(join(dir, 'index.html'))) {
    app.get('/', async (_request, reply) => reply.type('text/plain; charset=utf-8').send(missing))
    return
  }
  await app.register(fastifyStatic, { root: dir, serve: false, dotfiles: 'deny', preCompressed: true })
  app.get('/*', async (request, reply) => {
    const path = pathOf(request)
    if (notPage.test(path)) return reply.callNotFound()
    if (path.startsWith('/assets/')) return reply.sendFile(path.slice(1), { maxAge: yearMs, immutable: true })
    reply.header('cache-control', 'no-cache')
    if (isFile(path)) return reply.sendFile(path.slice(1), { cacheControl: false })
    return sendShell(request, reply, isPagePath(path) ? 200 : 404)
  })
  app.wildcards.push((path) => !notPage.test(path) && (isFile(path) ? existsSync(join(dir, path)) : isPagePath(path)))
}

function sendShell(request: FastifyRequest, reply: FastifyReply, status: 200 | 404): FastifyReply {
  reply.header('vary', `${String(reply.getHeader('vary') ?? 'Origin')}, Accept`)
  if (!takesHtml(request.headers.accept)) {
    reply.callNotFound()
    return reply
  }
  if (status === 200) return reply.sendFile('index.html', { cacheControl: false })
  // The answer to an unknown address has no state of its own. Nobody could ask for it again.
  return reply.code(404).sendFile('index.html', {
    cacheControl: false,
    etag: false,
    lastModified: false,
    acceptRanges: false,
  })
}

const pathOf = ({ url }: FastifyRequest): string => url.split('?', 1)[0] ?? '/'
const isFile = (path: string): boolean => path.slice(path.lastIndexOf('/')).includes('.')
