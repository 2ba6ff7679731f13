import type { IncomingHttpHeaders } from 'node:http'

/** A host name or address with an optional port: nothing that could make another URL of what it is put into. */
const hostPattern = /^([A-Za-z0-9._-]{1,253}|\[[0-9a-fA-F:.]{2,45}\])(:\d{1,5})?$/

/** The part of a request that is read; a FastifyRequest is one. */
interface Incoming {
  headers: IncomingHttpHeaders
  protocol: string
  host: string
}

/**
 * Where browsers reach the gateway, such as `https://meet.example.org`: as configured, else as the gateway says that this request came in,
 * else as it came in here. The gateway strips these headers from what clients send.
 */
export function publicBase(configured: string | undefined, request: Incoming): string {
  if (configured !== undefined) return configured
  const host = header(request, 'x-forwarded-host') ?? request.host
  const protocol = header(request, 'x-forwarded-proto') ?? request.protocol
  return `${protocol === 'https' ? 'https' : 'http'}://${hostPattern.test(host) ? host : 'localhost'}`
}

function header({ headers }: Incoming, name: string): string | undefined {
  const value = headers[name]
  return typeof value === 'string' ? value : undefined
}
