import type { IncomingMessage } from 'node:http'
import { BlockList, isIP, isIPv4 } from 'node:net'

export interface ProxyTrust {
  /** Who sends a request. */
  addressOf(request: IncomingMessage): string
  /** Whether the peer of the socket is a trusted proxy, whose forwarding headers count. */
  trustsPeer(request: IncomingMessage): boolean
}

const named: Readonly<Record<string, readonly string[]>> = {
  loopback: ['127.0.0.0/8', '::1/128'],
  linklocal: ['169.254.0.0/16', 'fe80::/10'],
  uniquelocal: ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7'],
}

/** The peer of the socket, as an address of its own family. */
export const peerOf = (request: IncomingMessage): string => plainAddress(request.socket.remoteAddress ?? '')

/**
 * A client is the peer of the socket, or, as long as that is one of the `trusted` proxies (addresses, networks,
 * `loopback`, `linklocal`, `uniquelocal`), the address before it in X-Forwarded-For, read from the right.
 */
export function createProxyTrust(trusted: readonly string[]): ProxyTrust {
  if (trusted.length === 0) return { addressOf: peerOf, trustsPeer: () => false }
  const isTrusted = createNetworks(trusted)
  return {
    addressOf(request) {
      let address = peerOf(request)
      const header = request.headers['x-forwarded-for']
      const hops = header === undefined ? [] : String(header).split(',')
      while (isTrusted(address)) {
        const hop = plainAddress(hops.pop()?.trim() ?? '')
        if (isIP(hop) === 0) break
        address = hop
      }
      return address
    },
    trustsPeer: (request) => isTrusted(peerOf(request)),
  }
}

/** Whether an address is in one of the networks. */
export function createNetworks(networks: readonly string[]): (address: string) => boolean {
  const list = new BlockList()
  for (const network of networks.flatMap((one) => named[one] ?? [one])) {
    const [address = '', bits] = network.split('/', 2)
    const family = isIPv4(address) ? 'ipv4' : 'ipv6'
    if (bits === undefined) list.addAddress(address, family)
    else list.addSubnet(address, Number(bits), family)
  }
  return (address) => isIP(address) !== 0 && list.check(address, isIPv4(address) ? 'ipv4' : 'ipv6')
}

/** IPv4 addresses mapped into IPv6 are IPv4 addresses; a zone is of no meaning elsewhere. */
const plainAddress = (address: string): string => address.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '')
