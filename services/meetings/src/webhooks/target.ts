import { lookup as systemLookup, Resolver, type LookupAddress } from 'node:dns'
import { isIP, type LookupFunction } from 'node:net'
import { addressFault } from './address.ts'

export interface TargetRules {
  http: boolean
  /** `name` or `name:port`, of which neither address nor port is judged. */
  hosts: readonly string[]
  ports: readonly number[]
  /** Name servers, `address:port`; default: those of the system. */
  servers?: readonly string[]
}

export interface Targets {
  /** Why a URL is none that may be posted to, as far as it tells by itself; null: it may. */
  fault(url: string): string | null
  /** For a connection to a host of such a URL: resolves it, and gives only addresses that were judged, which it is then opened to. */
  lookup: LookupFunction
}

/** Thrown before a connection is made: the endpoint is where no endpoint may be. */
export class TargetRefusedError extends Error {}

const resolveMs = 3_000

/**
 * Which URLs webhooks may be sent to. The URL is judged as it is parsed (WHATWG), so as it is used: `0x7f.1` is 127.0.0.1 there.
 * The address is judged when the connection is made, for a name may lead elsewhere by then.
 */
export function createTargets(rules: TargetRules): Targets {
  const hosts = new Set(rules.hosts.map((host) => host.toLowerCase()))
  const isNamed = ({ hostname, port, protocol }: URL): boolean =>
    hosts.has(hostname) || hosts.has(`${hostname}:${port === '' ? defaultPort(protocol) : port}`)
  const namedHosts = new Set([...hosts].map((host) => host.replace(/:\d{1,5}$/, '')))
  return {
    fault(text) {
      if (!/^https?:\/\/[\x21-\x5b\x5d-\x7e]+$/.test(text) || !URL.canParse(text)) return 'is no http or https URL'
      const url = new URL(text)
      if (url.protocol === 'http:' && !rules.http) return 'must begin with https://'
      if (url.username !== '' || url.password !== '') return 'must not have a user name or password'
      if (url.hash !== '') return 'must not have a fragment'
      if (isNamed(url)) return null
      const port = url.port === '' ? defaultPort(url.protocol) : Number(url.port)
      if (!rules.ports.includes(port)) return `must have one of the ports ${rules.ports.join(', ')}`
      return hostFault(url.hostname)
    },
    lookup(hostname, options, done) {
      const judged = (error: Error | null, addresses: readonly LookupAddress[]): void => {
        const [first] = addresses
        if (error !== null || first === undefined) return done(error ?? new Error('the name has no address'), '')
        if (options.all === true) return done(null, [...addresses])
        done(null, first.address, first.family)
      }
      // A name that an operator has listed may be in /etc/hosts, or short.
      if (namedHosts.has(hostname.toLowerCase()))
        return systemLookup(hostname, { all: true }, (error, found) => judged(error, found ?? []))
      resolve(hostname, rules.servers).then(
        (found) => judged(null, found),
        (error: Error) => judged(error, []),
      )
    },
  }
}

const defaultPort = (protocol: string): number => (protocol === 'https:' ? 443 : 80)

function hostFault(hostname: string): string | null {
  const bare = hostname.replace(/^\[|\]$/g, '')
  if (isIP(bare) !== 0) {
    const fault = addressFault(bare)
    return fault === null ? null : `must be at a public address: ${bare} ${fault}`
  }
  if (/(^|\.)localhost\.?$/.test(hostname)) return 'must be at a public address: localhost is not public'
  if (!hostname.replace(/\.$/, '').includes('.')) return 'must have a host with a full name'
  return null
}

/** All addresses of a public name; rejects when one of them is not public. It does not use the threads that files wait for. */
async function resolve(hostname: string, servers: readonly string[] | undefined): Promise<LookupAddress[]> {
  const resolver = new Resolver({ timeout: resolveMs, tries: 1 })
  if (servers !== undefined) resolver.setServers(servers)
  const ask = (family: 4 | 6): Promise<LookupAddress[]> =>
    new Promise((done) => {
      const answered = (_error: Error | null, found?: string[]): void =>
        done((found ?? []).map((address) => ({ address, family })))
      if (family === 4) resolver.resolve4(hostname, answered)
      else resolver.resolve6(hostname, answered)
    })
  const found = (await Promise.all([ask(4), ask(6)])).flat()
  if (found.length === 0) throw new Error('the name of the host has no address')
  for (const { address } of found) {
    const fault = addressFault(address)
    if (fault !== null) throw new TargetRefusedError(`the host leads to an address that ${fault}`)
  }
  return found
}
