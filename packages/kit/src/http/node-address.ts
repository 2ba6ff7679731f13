import { isIP, SocketAddress } from 'node:net'

const port = String.raw`(?::(?:\d{1,5}|_[\w.-]{1,64}))?`
const bracketed = new RegExp(String.raw`^\[([^\]]{2,64})\]${port}$`)
const withPort = new RegExp(String.raw`^(\d[\d.]{6,14})${port}$`)

/**
 * The address of a node as proxies write it: with a port, in brackets, in quotes (RFC 7239, section 6), in the canonical form. Null
 * for what names no address: `unknown`, an obfuscated name, nonsense.
 */
export function addressOfNode(text: string): string | null {
  const node = unquoted(text.trim())
  return canonicalAddress(bracketed.exec(node)?.[1] ?? withPort.exec(node)?.[1] ?? node)
}

/**
 * One spelling per address: IPv6 as RFC 5952 has it, and an IPv4 address that is mapped into IPv6 as IPv4. It has no zone, which means
 * nothing on another machine. Null for what is no address.
 */
export function canonicalAddress(address: string): string | null {
  const zone = address.indexOf('%')
  const plain = zone === -1 ? address : address.slice(0, zone)
  switch (isIP(plain)) {
    case 4:
      return plain
    case 6: {
      const { address: canonical } = new SocketAddress({ address: plain, family: 'ipv6' })
      return /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(canonical)?.[1] ?? canonical
    }
    default:
      return null
  }
}

/** A quoted string (RFC 9110, section 5.6.4) as what it stands for; anything else as it is. */
export const unquoted = (text: string): string =>
  text.length >= 2 && text.startsWith('"') && text.endsWith('"') ? text.slice(1, -1).replaceAll(/\\(.)/g, '$1') : text
