import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { createNetworks, peerOf } from '@parley/kit'
import type { GatewayConfig } from '../config.ts'

type Guard = (request: IncomingMessage) => boolean

const isLocal = createNetworks(['loopback', 'linklocal', 'uniquelocal'])

/**
 * Whether `/metrics` may be read: with a token configured, by whoever sends it. Without one nobody may in production, for behind
 * a balancer that hides addresses everybody is a private peer; elsewhere a peer on this host or a private network may, unless a
 * proxy speaks for it.
 */
export function createMetricsGuard({
  METRICS_TOKEN: token,
  NODE_ENV: environment,
}: Pick<GatewayConfig, 'METRICS_TOKEN' | 'NODE_ENV'>): Guard {
  if (token !== undefined) return bears(token)
  return environment === 'production' ? () => false : isInside
}

/** Whether `/admin` may be used: from inside only, with the token; without one configured by nobody. */
export function createAdminGuard({ ADMIN_TOKEN: token }: Pick<GatewayConfig, 'ADMIN_TOKEN'>): Guard {
  if (token === undefined) return () => false
  const hasToken = bears(token)
  return (request) => hasToken(request) && isInside(request)
}

/** A peer on this host or a private network that no proxy speaks for. */
function isInside(request: IncomingMessage): boolean {
  const { headers } = request
  const proxied = headers['x-forwarded-for'] ?? headers.forwarded ?? headers['x-real-ip'] ?? headers.via
  return proxied === undefined && isLocal(peerOf(request))
}

function bears(token: string): Guard {
  const wanted = digest(`Bearer ${token}`)
  return ({ headers }) => timingSafeEqual(digest(headers.authorization ?? ''), wanted)
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
