import type { IncomingHttpHeaders } from 'node:http'
import { unquoted } from './node-address.ts'

/** The facts that a chain of proxies states about a request, each part in the order of the chain: the client's end first. */
interface ForwardedFacts {
  /** The nodes the request came through, as they are written. */
  nodes: readonly string[]
  protocols: readonly string[]
  hosts: readonly string[]
}

/** The two ways to say it: RFC 7239, and the headers from before it. */
export interface Forwarded {
  standard: ForwardedFacts | null
  legacy: ForwardedFacts
}

/**
 * Reads `Forwarded` (RFC 7239, section 4) and `X-Forwarded-For/-Proto/-Host`. Both are lists, over several lines too, and may have
 * empty elements. Of a malformed `Forwarded` nothing is believed: its one node is the whole text, which names no address.
 */
export function readForwarded(headers: IncomingHttpHeaders): Forwarded {
  const { forwarded } = headers
  return {
    standard: forwarded === undefined ? null : readStandard(forwarded),
    legacy: {
      nodes: listOf(headers['x-forwarded-for']),
      protocols: listOf(headers['x-forwarded-proto']).map(lower),
      hosts: listOf(headers['x-forwarded-host']).map(lower),
    },
  }
}

const pair = /[ \t]*(?:([!#$%&'*+.^_`|~0-9A-Za-z-]+)=("(?:[^"\\]|\\.)*"|[^\s;,"]*))?[ \t]*([;,]|$)/y

function readStandard(text: string): ForwardedFacts {
  const facts = { nodes: [] as string[], protocols: [] as string[], hosts: [] as string[] }
  pair.lastIndex = 0
  while (pair.lastIndex < text.length) {
    const found = pair.exec(text)
    if (found === null) return { nodes: [text], protocols: [], hosts: [] }
    const [, name, value = ''] = found
    if (name === undefined) continue
    if (/^for$/i.test(name)) facts.nodes.push(unquoted(value))
    if (/^proto$/i.test(name)) facts.protocols.push(lower(unquoted(value)))
    if (/^host$/i.test(name)) facts.hosts.push(lower(unquoted(value)))
  }
  return facts
}

const lower = (text: string): string => text.toLowerCase()

/** The elements of a list (RFC 9110, section 5.6.1), without the empty ones that recipients must ignore. */
export const listOf = (value: string | readonly string[] | undefined): string[] =>
  value === undefined
    ? []
    : String(value)
        .split(',')
        .map((one) => one.trim())
        .filter((one) => one !== '')
