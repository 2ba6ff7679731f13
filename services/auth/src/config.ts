import { Strict } from '@parley/contracts'
import { commonConfig, ConfigError, frontendConfig, linkTemplate, mailConfig } from '@parley/kit'
import Type, { type Static } from 'typebox'
import { isLoopback, oidcConfig } from './oidc/oidc-config.ts'

const Secret = (description: string, notes: { requiredInProduction?: boolean } = {}) =>
  Type.Optional(Type.String({ minLength: 32, maxLength: 512, secret: true, description, ...notes }))

export const authConfig = Strict({
  ...commonConfig,
  ...mailConfig,
  ...frontendConfig,
  ...oidcConfig,
  PUBLIC_URL: Type.Optional(
    Type.String({
      pattern: '^https?://[^/]+$',
      requiredInProduction: true,
      description: 'the gateway as browsers reach it, for links in mails and the way back from a sign-in provider',
    }),
  ),
  VERIFY_LINK_TEMPLATE: linkTemplate(
    '{frontend}/verify-email#token={token}',
    ['token'],
    'where the mail leads that asks to confirm an address',
  ),
  RESET_LINK_TEMPLATE: linkTemplate(
    '{frontend}/reset-password#token={token}',
    ['token'],
    'where the mail for a forgotten password leads',
  ),
  ACCESS_TTL_SECONDS: Type.Integer({
    default: 900,
    minimum: 5,
    // Everybody forgets a revocation after 20 minutes; a token that lives longer would come back to life.
    maximum: 1140,
    description: 'how long an access token is good',
  }),
  REFRESH_TTL_SECONDS: Type.Integer({
    default: 30 * 24 * 3600,
    minimum: 60,
    maximum: 400 * 24 * 3600,
    description: 'how long a session lasts without being used; each refresh begins it anew',
  }),
  GUEST_TTL_SECONDS: Type.Integer({
    default: 24 * 3600,
    minimum: 60,
    maximum: 30 * 24 * 3600,
    description: 'how long a guest lasts; refreshing does not prolong it',
  }),
  BCRYPT_COST: Type.Integer({
    default: 12,
    minimum: 4,
    maximum: 15,
    description: 'work of a password hash, as a power of two; production wants 10 or more',
  }),
  ALLOWED_ORIGINS: Type.Array(Type.String({ pattern: '^https?://[^/,\\s]+$' }), {
    default: [],
    description: 'origins, besides our own, whose pages may use the refresh cookie',
  }),
  CROSS_SITE_ORIGINS: Type.Array(Type.String({ pattern: '^https?://[^/,\\s]+$' }), {
    default: [],
    description:
      'as ALLOWED_ORIGINS, for frontends of another site: cookies are SameSite=None; Secure; Partitioned for them',
  }),
  KEY_ROTATION_DAYS: Type.Integer({
    default: 30,
    minimum: 1,
    maximum: 365,
    description: 'how long one key signs access tokens',
  }),
  SIGNING_SECRET: Secret('encrypts the private signing keys in the database; without it they are stored as they are', {
    requiredInProduction: true,
  }),
  SIGNING_SECRET_PREVIOUS: Secret('the former SIGNING_SECRET, while keys that it encrypted are in use'),
})
export type AuthConfig = Static<typeof authConfig>

const leastCostInProduction = 10

/** @throws ConfigError for what would not be safe: all of it at once */
export function refuseUnsafe(config: Readonly<AuthConfig>): void {
  const faults = [weakHashes(config), unsafeLinks(config), unsafeIssuer(config)].filter((fault) => fault !== null)
  if (faults.length > 0) throw new ConfigError(faults)
}

const weakHashes = ({ NODE_ENV, BCRYPT_COST }: Readonly<AuthConfig>): string | null =>
  NODE_ENV !== 'production' || BCRYPT_COST >= leastCostInProduction
    ? null
    : `BCRYPT_COST: ${BCRYPT_COST} is too little for production; expected an integer from ${leastCostInProduction} to 15`

/** A link that is made from the Host header of whoever asks for it leads where they want: not in a mail to somebody else. */
const unsafeLinks = ({ SMTP_URL, PUBLIC_URL }: Readonly<AuthConfig>): string | null =>
  SMTP_URL === undefined || PUBLIC_URL !== undefined
    ? null
    : 'PUBLIC_URL: must be set together with SMTP_URL; expected the address that links in mails begin with'

function unsafeIssuer({ NODE_ENV, OIDC_ISSUER }: Readonly<AuthConfig>): string | null {
  if (!URL.canParse(OIDC_ISSUER)) return 'OIDC_ISSUER: is not a URL'
  if (new URL(OIDC_ISSUER).protocol === 'https:' || (NODE_ENV !== 'production' && isLoopback(OIDC_ISSUER))) return null
  return 'OIDC_ISSUER: must begin with https://; http is for loopback addresses outside production'
}
