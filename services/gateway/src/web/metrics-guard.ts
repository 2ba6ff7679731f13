import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { createNetworks, peerOf } from '@parley/kit'

const isLocal = createNetworks(['loopback', 'linklocal', 'uniquelocal'])

/**
 * Whether `/metrics` may be read: with a token configured, by whoever sends it; without, by a peer on this host or a
 * private network that no proxy speaks for (the gateway is on the public port, and an ingress has a private address
 * too).
 */
export function createMetricsGuard(token: string | undefined): (request: IncomingMessage) => boolean {
  if (token !== undefined) {
    const wanted = digest(`Bearer ${token}`)
    return ({ headers }) => timingSafeEqual(digest(headers.authorization ?? ''), wanted)
  }
  return (request) => {
    const { headers } = request
    const proxied = headers['x-forwarded-for'] ?? headers.forwarded ?? headers['x-real-ip'] ?? headers.via
    return proxied === undefined && isLocal(peerOf(request))
  }
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
