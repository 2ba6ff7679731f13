import type { IncomingMessage } from 'node:http'
import {
  createOnce,
  createOriginPolicy,
  foreignOrigin,
  headerValues,
  isHost,
  originAt,
  readForwarded,
  type Logger,
  type OriginVerdict,
} from '@parley/kit'

export interface Origins {
  /** Host and scheme that services are told the client used. */
  publicOf(request: IncomingMessage): { host: string | null; proto: 'http' | 'https' }
  /** Whose page sends a request; of everything that a page may send, WebSockets too. */
  evaluate(request: IncomingMessage): OriginVerdict
  /**
   * Refuses other people's pages, against cross-site WebSocket hijacking too: a browser names the page.
   * @throws ProblemError `origin-not-allowed`
   */
  checkOrThrow(request: IncomingMessage): void
  /** Whether a page on one of these origins, the values of an Origin header, may read our answers. */
  mayRead(given: readonly string[] | undefined): boolean
}

export interface OriginOptions {
  publicUrl: string | undefined
  allowedOrigins: readonly string[]
  crossSiteOrigins: readonly string[]
  /** Then only PUBLIC_URL is our own origin; otherwise also what the Host header says. */
  production: boolean
  trustsPeer(request: IncomingMessage): boolean
  log: Pick<Logger, 'warn'>
}

export function createOrigins({ allowedOrigins, crossSiteOrigins, ...options }: OriginOptions): Origins {
  const { publicUrl, production, trustsPeer, log } = options
  const own = publicUrl === undefined ? null : new URL(publicUrl)
  const verdictOf = createOriginPolicy({ allowed: allowedOrigins, crossSite: crossSiteOrigins })
  const once = createOnce()

  /** As the client and the proxies that are trusted say it. */
  function seenOf(request: IncomingMessage): { host: string | null; proto: 'http' | 'https' } {
    const { headers } = request
    const { protocols = [], hosts = [] } = trustsPeer(request) ? outermost(headers) : {}
    const host = [...hosts.slice(0, 1), headers.host].find((one) => one !== undefined && isHost(one))
    return { host: host ?? null, proto: /^(?:https|wss)$/.test(protocols[0] ?? '') ? 'https' : 'http' }
  }
  function evaluate(request: IncomingMessage): OriginVerdict {
    const given = headerValues(request, 'origin')
    if (given === undefined) return 'none'
    const { host, proto } = seenOf(request)
    return verdictOf(given, [own?.origin ?? null, production && own !== null ? null : originAt(proto, host)])
  }
  return {
    evaluate,
    publicOf: (request) =>
      own === null ? seenOf(request) : { host: own.host, proto: own.protocol === 'https:' ? 'https' : 'http' },
    checkOrThrow(request) {
      if (evaluate(request) !== 'foreign') return
      const refusal = foreignOrigin(headerValues(request, 'origin'))
      once(refusal.message, () => log.warn({ seen: seenOf(request) }, refusal.message))
      throw refusal
    },
    mayRead: (given) => ['allowed', 'cross-site'].includes(verdictOf(given, [])),
  }
}

/** The proxies' statements, the one nearest to the client first: `Forwarded` where it says anything, else the older headers. */
function outermost(headers: IncomingMessage['headers']): { protocols: readonly string[]; hosts: readonly string[] } {
  const { standard, legacy } = readForwarded(headers)
  return {
    protocols: legacy.protocols.length > 0 ? legacy.protocols : (standard?.protocols ?? []),
    hosts: legacy.hosts.length > 0 ? legacy.hosts : (standard?.hosts ?? []),
  }
}
