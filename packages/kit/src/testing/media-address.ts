import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { networkInterfaces } from 'node:os'

/** An address that is nobody's (RFC 5737). Nothing is sent to it: the route to it says which address is ours. */
const elsewhere = '198.51.100.1'

/**
 * The IPv4 address of this machine that WebRTC media can use: the one of the default route, otherwise the first of another interface than
 * loopback. Janus ignores loopback.
 * @throws Error with what to do when there is none
 */
export async function mediaAddress(): Promise<string> {
  const found = (await addressOfDefaultRoute()) ?? addressesOfInterfaces()[0]
  if (found !== undefined) return found
  throw new Error(
    'WebRTC needs a network interface that is not a loopback. On a machine without one: ip link add media type dummy; ' +
      'ip address add 127.0.0.2/32 dev media; ip link set media up',
  )
}

async function addressOfDefaultRoute(): Promise<string | undefined> {
  const socket = createSocket('udp4')
  try {
    socket.connect(9, elsewhere)
    await once(socket, 'connect')
    const { address } = socket.address()
    return addressesOfInterfaces().includes(address) ? address : undefined
  } catch {
    // Without a network there is no route.
    return undefined
  } finally {
    socket.close()
  }
}

function addressesOfInterfaces(): string[] {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? [])
  return all
    .filter(({ family, internal, address }) => family === 'IPv4' && !internal && !address.startsWith('169.254.'))
    .map(({ address }) => address)
}
