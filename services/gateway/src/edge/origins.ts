import type { IncomingMessage } from 'node:http'
import { isHost } from '@parley/kit'

export interface Origins {
  /** What a page of elsewhere may be, exactly as in its Origin header. */
  readonly allowed: ReadonlySet<string>
  /** Host and scheme that services are told the client used. */
  publicOf(request: IncomingMessage): { host: string | null; proto: 'http' | 'https' }
  /**
   * Against cross-site WebSocket hijacking: exactly one known Origin, or none, for only browsers send it (and always
   * do).
   */
  mayOpenSocket(request: IncomingMessage): boolean
}

export interface OriginOptions {
  publicUrl: string | undefined
  allowedOrigins: readonly string[]
  /** Then only PUBLIC_URL is our own origin; otherwise also what the Host header says. */
  production: boolean
  trustsPeer(request: IncomingMessage): boolean
}

export function createOrigins({ publicUrl, allowedOrigins, production, trustsPeer }: OriginOptions): Origins {
  const own = publicUrl === undefined ? null : new URL(publicUrl)
  const allowed = new Set(allowedOrigins.map((one) => new URL(one).origin))
  const isOwn = (origin: string, host: string | undefined): boolean => {
    if (origin === own?.origin) return true
    if (production && own !== null) return false
    return host !== undefined && isHost(host) && (origin === `http://${host}` || origin === `https://${host}`)
  }
  return {
    allowed,
    publicOf(request) {
      if (own !== null) return { host: own.host, proto: own.protocol === 'https:' ? 'https' : 'http' }
      const { headers } = request
      const forwarded = trustsPeer(request) ? headers : {}
      const proto = forwarded['x-forwarded-proto'] === 'https' ? 'https' : 'http'
      const host = [forwarded['x-forwarded-host'], headers.host].find((one) => typeof one === 'string' && isHost(one))
      return { host: typeof host === 'string' ? host : null, proto }
    },
    mayOpenSocket({ headers, headersDistinct }) {
      const given = headersDistinct['origin']
      if (given === undefined) return true
      const [origin = ''] = given
      return given.length === 1 && (allowed.has(origin) || isOwn(origin, headers.host))
    },
  }
}
