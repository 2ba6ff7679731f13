import { Strict } from '@parley/contracts'
import { commonConfig, StartupError } from '@parley/kit'
import Type, { type Static } from 'typebox'

const origin = '^https?://[^/?#@\\s]+$'
const perWindow = (byDefault: number, description: string) =>
  Type.Integer({ default: byDefault, minimum: 1, maximum: 10_000_000, description })

export const gatewayConfig = Strict({
  ...commonConfig,
  PORT: Type.Integer({
    default: 8080,
    minimum: 0,
    maximum: 65535,
    description: 'port to listen on; 0 takes a free one',
  }),
  PUBLIC_URL: Type.Optional(
    Type.String({
      pattern: origin,
      requiredInProduction: true,
      description: 'the one URL people use; in production the only origin of its own whose WebSockets are let in',
    }),
  ),
  ALLOWED_ORIGINS: Type.Array(Type.String({ pattern: origin }), {
    default: [],
    description:
      'origins of frontends served from elsewhere (CORS, WebSocket): scheme, host and port, as browsers name them',
  }),
  CROSS_SITE_ORIGINS: Type.Array(Type.String({ pattern: origin }), {
    default: [],
    description:
      'as ALLOWED_ORIGINS, for frontends of another site: their refresh cookie is SameSite=None, Partitioned',
  }),
  WEB_DIR: Type.Optional(Type.String({ description: 'folder of the built web page; default packages/web/dist' })),
  MAX_SOCKETS: Type.Integer({
    default: 20_000,
    minimum: 1,
    maximum: 1_000_000,
    description: 'WebSockets open at one time',
  }),
  MAX_UNAUTHENTICATED_PER_ADDRESS: Type.Integer({
    default: 200,
    minimum: 1,
    maximum: 1_000_000,
    description: 'WebSockets of one address, opened without a token in the last 6 s',
  }),
  MAX_STREAMS: Type.Integer({
    default: 5_000,
    minimum: 1,
    maximum: 1_000_000,
    description: 'event streams (SSE) open at one time',
  }),
  MAX_STREAMS_PER_PRINCIPAL: Type.Integer({
    default: 16,
    minimum: 1,
    maximum: 1_000_000,
    description: 'event streams of one account or guest at one time',
  }),
  MAX_TRANSFERS: Type.Integer({
    default: 2_000,
    minimum: 1,
    maximum: 1_000_000,
    description: 'uploads and downloads of files under way at one time',
  }),
  MAX_TRANSFERS_PER_PRINCIPAL: Type.Integer({
    default: 128,
    minimum: 1,
    maximum: 1_000_000,
    description: 'uploads and downloads of one account or guest, or by links of one address, under way at one time',
  }),
  RATE_LIMITS: Type.Union([Type.Literal('on'), Type.Literal('off')], {
    default: 'on',
    description: 'off is for benchmarks and refused in production',
  }),
  RATE_LIMIT_PER_ADDRESS: perWindow(
    1200,
    'requests per RATE_LIMIT_SECONDS of one address (IPv6: one /64) without a good token; to unknown paths, and to refresh, as many each',
  ),
  RATE_LIMIT_SIGNED_IN_PER_ADDRESS: perWindow(
    12_000,
    'requests per RATE_LIMIT_SECONDS of one address with good tokens; an office shares one',
  ),
  RATE_LIMIT_PER_PRINCIPAL: perWindow(600, 'requests per RATE_LIMIT_SECONDS of one account or guest'),
  RATE_LIMIT_UPGRADES: perWindow(1200, 'WebSockets opened per RATE_LIMIT_SECONDS by one address'),
  RATE_LIMIT_SECONDS: Type.Integer({
    default: 60,
    minimum: 1,
    maximum: 3_600,
    description: 'the window of the limits of requests and WebSockets',
  }),
  UPSTREAM_TIMEOUT_MS: Type.Integer({
    default: 10_000,
    minimum: 50,
    maximum: 120_000,
    description: 'how long a service may take to begin its answer, and to send the next part of it',
  }),
  ADMIN_TOKEN: Type.Optional(
    Type.String({
      minLength: 24,
      secret: true,
      description: 'bearer token of /admin, for direct private peers; without it there is no /admin',
    }),
  ),
  METRICS_TOKEN: Type.Optional(
    Type.String({
      minLength: 16,
      secret: true,
      description:
        'bearer token of /metrics; without it nobody may read them in production, and direct local peers elsewhere',
    }),
  ),
})
export type GatewayConfig = Static<typeof gatewayConfig>

/**
 * The rules between variables that no schema can state.
 * @throws StartupError
 */
export function checkConfigOrThrow(config: GatewayConfig): void {
  if (config.NODE_ENV === 'production' && config.RATE_LIMITS === 'off') {
    throw new StartupError('RATE_LIMITS=off is for benchmarks and refused in production')
  }
}
