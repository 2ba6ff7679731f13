import { existsSync } from 'node:fs'
import { join } from 'node:path'
import fastifyStatic from '@fastify/static'
import type { HttpServer } from '@parley/kit'

const yearMs = 365 * 24 * 3600 * 1000
/** What belongs to the API: an unknown address below these is a problem, never the page. */
const notPage = /^\/(?:v1|\.well-known|docs|problems|livez|readyz|version|metrics)(?:\/|$)/
const missing =
  'Parley runs, but its web page was not built: run the build of packages/web, or set WEB_DIR. The API is documented at /docs.\n'

/**
 * Serves the web page in `dir`: files as they are, and the page itself for every navigation that is not a file, so that
 * its own addresses (`/m/abc-defg-hij`) can be opened.
 */
export async function servePage(app: HttpServer, dir: string): Promise<void> {
  if (!existsSync(join(dir, 'index.html'))) {
    app.get('/', async (_request, reply) => reply.type('text/plain; charset=utf-8').send(missing))
    return
  }
  await app.register(fastifyStatic, { root: dir, serve: false, dotfiles: 'deny' })
  app.get('/*', async (request, reply) => {
    const path = request.url.split('?', 1)[0] ?? '/'
    if (notPage.test(path)) return reply.callNotFound()
    if (path.startsWith('/assets/')) return reply.sendFile(path.slice(1), { maxAge: yearMs, immutable: true })
    const isFile = path.slice(path.lastIndexOf('/')).includes('.')
    if (!isFile && path !== '/' && request.headers.accept?.includes('text/html') !== true) return reply.callNotFound()
    reply.header('cache-control', 'no-cache')
    return reply.sendFile(isFile ? path.slice(1) : 'index.html', { cacheControl: false })
  })
}
