import { traceHeaders, type OriginVerdict } from '@parley/kit'

/** The facts about the client for services, in place of the client's own headers. */
export interface ClientFacts {
  address: string
  host: string | null
  proto: 'http' | 'https'
  /** Whose page sends it: judged here, and nowhere else again. */
  origin: OriginVerdict
  requestId: string
}

/** Of one connection, not of the message (RFC 9110, 7.6.1), and what the next hop gets from its own client. */
const hopByHop = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'expect',
  'host',
  'proxy-authorization',
  'proxy-authenticate',
  'http2-settings',
])
const ofTrace = new Set(['traceparent', 'tracestate'])
/** Ways to claim an identity, an address or another path; no service of ours reads an `x-` header of a client. */
const claim = /^x-|^forwarded$|^via$|_|-(?:client|connecting)-ip$|^client-ip$/

/**
 * The headers for a service as a flat list: the client's, without those of the connection and claims, and then ours.
 */
export function requestHeaders(raw: readonly string[], facts: ClientFacts): string[] {
  const dropped = listedIn(raw)
  const trace = traceHeaders()
  const headers: string[] = []
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = raw[index]?.toLowerCase() ?? ''
    if (hopByHop.has(name) || claim.test(name) || dropped?.has(name) === true) continue
    // Spans go on from our own span; what we do not record goes on as it came.
    if (trace !== null && ofTrace.has(name)) continue
    headers.push(name, raw[index + 1] ?? '')
  }
  headers.push('x-forwarded-for', facts.address, 'x-forwarded-proto', facts.proto, 'x-request-id', facts.requestId)
  headers.push('x-origin-verdict', facts.origin)
  if (facts.host !== null) headers.push('x-forwarded-host', facts.host)
  for (const [name, value] of Object.entries(trace ?? {})) headers.push(name, value)
  return headers
}

/** Names that the Connection header declares to be of the connection. */
function listedIn(raw: readonly string[]): Set<string> | null {
  let listed: Set<string> | null = null
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const value = raw[index + 1] ?? ''
    if (raw[index]?.toLowerCase() !== 'connection' || /^(?:keep-alive|close|upgrade)$/i.test(value)) continue
    listed ??= new Set()
    for (const name of value.split(',')) listed.add(name.trim().toLowerCase())
  }
  return listed
}

type HeaderValue = string | string[]
type Given = Readonly<Record<string, HeaderValue | number | undefined>>

/** Uploads are shown under rules of their own. */
const ofContent = new Set(['content-security-policy', 'cross-origin-resource-policy'])

/**
 * Headers of an answer: the service's, but CORS and those that the gateway sets are the gateway's; `Vary` is of both. `content`: some
 * of a file's own go before the gateway's.
 */
export function answerHeaders(theirs: Given, ours: Given, { content = false } = {}): Record<string, HeaderValue> {
  const headers: Record<string, HeaderValue> = {}
  const listed = theirs['connection']
  for (const [name, value] of Object.entries(theirs)) {
    if (
      value === undefined ||
      hopByHop.has(name) ||
      name.startsWith('access-control-') ||
      name === 'server' ||
      name === 'x-powered-by'
    )
      continue
    if (
      typeof listed === 'string' &&
      listed
        .toLowerCase()
        .split(/\s*,\s*/)
        .includes(name)
    )
      continue
    headers[name] = typeof value === 'number' ? String(value) : value
  }
  for (const [name, value] of Object.entries(ours)) {
    if (value === undefined || (content && ofContent.has(name) && headers[name] !== undefined)) continue
    const theirVary = name === 'vary' ? headers['vary'] : undefined
    headers[name] =
      theirVary === undefined
        ? typeof value === 'number'
          ? String(value)
          : value
        : `${String(theirVary)}, ${String(value)}`
  }
  return headers
}
