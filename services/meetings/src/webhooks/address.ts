import { networkInterfaces } from 'node:os'
import ipaddr from 'ipaddr.js'

/** Addresses of services beside a machine that lie in a public range: Azure's for its virtual machines. */
const besides = new Set(['168.63.129.16'])
/** The part of IPv6 that is given out; embedded IPv4 addresses (`::7f00:1`) and what has no use yet lie outside. */
const global = ipaddr.IPv6.parseCIDR('2000::/3')

/**
 * Why a webhook may not connect to an address; null: it is a public one. Only ordinary unicast is: ipaddr.js knows the classes of
 * IANA's special-purpose registries (RFC 6890). An address that leads to an IPv4 one (mapped, NAT64, 6to4, Teredo) is none.
 */
export function addressFault(text: string): string | null {
  if (!ipaddr.isValid(text)) return 'is no address'
  const address = ipaddr.parse(text)
  const range = address.range()
  if (range !== 'unicast') return `is not public (${range})`
  if (address instanceof ipaddr.IPv6 && !address.match(global)) return 'is not public (outside of 2000::/3)'
  if (besides.has(address.toString()) || isOwn(address.toNormalizedString())) return 'belongs to this machine'
  return null
}

const isOwn = (address: string): boolean =>
  Object.values(networkInterfaces()).some((entries) =>
    entries?.some(
      (entry) => ipaddr.isValid(entry.address) && ipaddr.parse(entry.address).toNormalizedString() === address,
    ),
  )
