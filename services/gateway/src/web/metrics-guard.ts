import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { GatewayConfig } from '../config.ts'
import { createNetworks, peerOf } from '@parley/kit'

const isLocal = createNetworks(['loopback', 'linklocal', 'uniquelocal'])

/**
 * Whether `/metrics` may be read: with a token configured, by whoever sends it. Without one nobody may in production, for behind
 * a balancer that hides addresses everybody is a private peer; elsewhere a peer on this host or a private network may, unless a
 * proxy speaks for it.
 */
export function createMetricsGuard({
  METRICS_TOKEN: token,
  NODE_ENV: environment,
}: Pick<GatewayConfig, 'METRICS_TOKEN' | 'NODE_ENV'>): (request: IncomingMessage) => boolean {
  if (token !== undefined) {
    const wanted = digest(`Bearer ${token}`)
    return ({ headers }) => timingSafeEqual(digest(headers.authorization ?? ''), wanted)
  }
  if (environment === 'production') return () => false
  return (request) => {
    const { headers } = request
    const proxied = headers['x-forwarded-for'] ?? headers.forwarded ?? headers['x-real-ip'] ?? headers.via
    return proxied === undefined && isLocal(peerOf(request))
  }
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
