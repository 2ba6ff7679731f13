import { ProblemError } from '../problem.ts'

/**
 * The verdict on a request's Origin header. `none`: there is none, so it is not a page's. `own`: a page of ours. `allowed`: a
 * frontend served from elsewhere that is named. `cross-site`: such a one on another site, to which a browser sends only cookies
 * that are made for it. `foreign`: any other page, and what is no origin.
 */
export type OriginVerdict = 'none' | 'own' | 'allowed' | 'cross-site' | 'foreign'

export interface OriginLists {
  /** ALLOWED_ORIGINS. */
  allowed: readonly string[]
  /** CROSS_SITE_ORIGINS. */
  crossSite: readonly string[]
}
/** `given`: the values of the Origin header; `own`: what counts as our own origin for this request. */
export type OriginPolicy = (given: readonly string[] | undefined, own: readonly (string | null)[]) => OriginVerdict

/** The one judgement of origins, for REST, streams, the refresh cookie and WebSockets. */
export function createOriginPolicy({ allowed, crossSite }: OriginLists): OriginPolicy {
  const named = new Set(allowed.map(canonicalOrigin))
  const far = new Set(crossSite.map(canonicalOrigin))
  return (given, own) => {
    if (given === undefined || given.length === 0) return 'none'
    const origin = given.length === 1 ? canonicalOrigin(given[0] ?? '') : null
    if (origin === null) return 'foreign'
    if (own.includes(origin)) return 'own'
    if (far.has(origin)) return 'cross-site'
    return named.has(origin) ? 'allowed' : 'foreign'
  }
}

/**
 * One spelling per origin (RFC 6454, section 6.2): lower case, no port where it is the scheme's own. Null for `null` and for what is
 * no origin of a web page.
 */
function canonicalOrigin(text: string): string | null {
  if (text.length > maxOrigin || !/^https?:\/\/[^/?#@\\\s]+$/i.test(text) || !URL.canParse(text)) return null
  return new URL(text).origin
}
const maxOrigin = 300

/** The origin of a scheme and a Host header; null when the header is no host. */
export const originAt = (proto: string, host: string | null | undefined): string | null =>
  host === null || host === undefined ? null : canonicalOrigin(`${proto}://${host}`)

/** The refusal, which names what its operator can do: most often a TLS proxy is in front that nobody has told us of. */
export const foreignOrigin = (given: readonly string[] | undefined): ProblemError =>
  new ProblemError(
    'origin-not-allowed',
    `The origin ${shown(given)} is not the one this server knows as its own. If it is, set PUBLIC_URL to it, or TRUST_PROXY to the ` +
      'address of the proxy in front; name frontends that are served from elsewhere in ALLOWED_ORIGINS',
  )

const shown = (given: readonly string[] | undefined): string =>
  given?.length === 1 ? (canonicalOrigin(given[0] ?? '') ?? 'of this page') : 'of this page'
