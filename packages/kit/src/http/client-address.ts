import type { IncomingMessage } from 'node:http'
import { BlockList, isIP, isIPv4 } from 'node:net'
import { createOnce } from '../log-once.ts'
import type { Logger } from '../logger.ts'
import { readForwarded } from './forwarded.ts'
import { addressOfNode, canonicalAddress } from './node-address.ts'

export interface ProxyTrust {
  /** The address of the client that sends a request, in its canonical form. */
  addressOf(request: Requested): string
  /** Whether the peer of the socket is a trusted proxy, whose forwarding headers count. */
  trustsPeer(request: Requested): boolean
}

type Requested = Pick<IncomingMessage, 'headers' | 'socket'>

const named: Readonly<Record<string, readonly string[]>> = {
  loopback: ['127.0.0.0/8', '::1/128'],
  linklocal: ['169.254.0.0/16', 'fe80::/10'],
  uniquelocal: ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7'],
}

/** The peer of the socket. */
export function peerOf({ socket: { remoteAddress = '' } }: Pick<Requested, 'socket'>): string {
  return isIPv4(remoteAddress) ? remoteAddress : (canonicalAddress(remoteAddress) ?? remoteAddress)
}

/**
 * A client is the peer of the socket, or, as long as that is one of the `trusted` proxies (addresses, networks, `loopback`,
 * `linklocal`, `uniquelocal`), the node before it in `X-Forwarded-For`, or in `Forwarded` where there is no
 * `X-Forwarded-For`, read from the right. A proxy writes one of the two and may pass the other one on as a client sent it: where
 * both are there and name different clients, neither is believed. `onUnreadable` hears of what could not be read.
 */
export function createProxyTrust(
  trusted: readonly string[],
  { onUnreadable }: { onUnreadable?: (entry: string) => void } = {},
): ProxyTrust {
  if (trusted.length === 0) return { addressOf: peerOf, trustsPeer: () => false }
  const isTrusted = createNetworks(trusted)
  function walk(peer: string, nodes: readonly string[]): string {
    let address = peer
    for (let index = nodes.length - 1; index >= 0 && isTrusted(address); index -= 1) {
      const node = nodes[index] ?? ''
      const next = addressOfNode(node)
      if (next === null) {
        onUnreadable?.(node)
        break
      }
      address = next
    }
    return address
  }
  return {
    addressOf(request) {
      const peer = peerOf(request)
      if (!isTrusted(peer)) return peer
      const { standard, legacy } = readForwarded(request.headers)
      if (standard === null) return walk(peer, legacy.nodes)
      const address = walk(peer, standard.nodes)
      if (legacy.nodes.length === 0 || walk(peer, legacy.nodes) === address) return address
      onUnreadable?.('Forwarded and X-Forwarded-For name different clients')
      return peer
    },
    trustsPeer: (request) => isTrusted(peerOf(request)),
  }
}

/** A trust that says once what it cannot read: until that is mended, many people count as one. */
export function createLoggedTrust(trusted: readonly string[], log: Pick<Logger, 'warn'>): ProxyTrust {
  const once = createOnce()
  const say = (entry: string) => (): void =>
    log.warn(
      { entry: entry.slice(0, 100) },
      'an entry of X-Forwarded-For or Forwarded cannot be read: its clients count as the proxy',
    )
  return createProxyTrust(trusted, { onUnreadable: (entry) => once('unreadable', say(entry)) })
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
