import helmet from '@fastify/helmet'
import { fastify } from 'fastify'

const self = "'self'"

/**
 * The security headers of every answer. @fastify/helmet makes them once, on a server of its own: it builds all of its
 * middleware again for each request, and these headers never change.
 */
export async function securityHeaders({ https }: { https: boolean }): Promise<Readonly<Record<string, string>>> {
  const app = fastify()
  await app.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: [self],
        connectSrc: [self, 'ws:', 'wss:'],
        imgSrc: [self, 'blob:', 'data:'],
        mediaSrc: [self, 'blob:', 'data:'],
        workerSrc: [self, 'blob:'],
        objectSrc: ["'none'"],
        baseUri: ["'none'"],
        formAction: [self],
        frameAncestors: ["'none'"],
      },
    },
    referrerPolicy: { policy: 'no-referrer' },
    strictTransportSecurity: https ? { maxAge: 31_536_000, includeSubDomains: false } : false,
    xFrameOptions: { action: 'deny' },
  })
  app.get('/', async () => '')
  const { headers } = await app.inject('/')
  await app.close()
  const notOfHelmet = new Set(['content-type', 'content-length', 'date', 'connection'])
  const made = Object.entries(headers)
    .filter(([name]) => !notOfHelmet.has(name))
    .map(([name, value]) => [name, String(value)] as const)
  return Object.freeze({
    ...Object.fromEntries(made),
    'permissions-policy':
      'camera=(self), microphone=(self), display-capture=(self), geolocation=(), payment=(), usb=()',
  })
}
