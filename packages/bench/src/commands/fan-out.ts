import type WebSocket from 'ws'
import { compare, type Load, type Side } from '../load.ts'
import { bareRooms, isSocketIoEvent, sample, socketIoRooms } from '../peers/crowd.ts'
import { startNginx, type Proxy } from '../peers/nginx.ts'
import { startPeer } from '../peers/peer.ts'
import { isMediaChanged, isReaction, joinedRooms, react, toggleCam } from '../product/participant.ts'
import { roomsOf, several } from '../product/people.ts'
import { first, withStack, type Stack } from '../product/stack.ts'
import type { Profiling } from '../profile.ts'
import { atMost, head } from '../report.ts'

export interface FanOutOptions extends Load {
  rooms: number
  people: number
  /** Gateways, signaling nodes, and nodes of each peer. */
  nodes: number
  /** A reaction is passed on and kept nowhere, as a broadcast of the peers; a change is committed and numbered. */
  send: 'change' | 'reaction'
  stack?: string
  profiling?: Profiling
  /** The process that is profiled. */
  profileOf: 'gateway' | 'signaling'
}

/** From here on a room is busy: another message within 20 ms is usual. */
const busyFrom = 50

/** P1: CPU of all processes per delivered broadcast, beside a bare `ws` server and Socket.IO with Redis, both behind nginx. */
export async function fanOut(options: FanOutOptions): Promise<void> {
  const { rooms, people, nodes, perRoomPerSecond, seconds, send } = options
  const busy = perRoomPerSecond >= busyFrom
  const what = `${rooms} rooms × ${people} people, ${perRoomPerSecond} × ${send}/s each (${busy ? 'busy' : 'quiet'})`
  head('P1', `fan-out over the whole path, ${what}, ${nodes === 1 ? 'one node' : `${nodes} nodes`}, ${seconds} s`)
  await withStack({ file: options.stack, signaling: nodes, gateways: nodes }, async (stack) => {
    const ours = await parley(options, stack)
    const sides = [
      ours,
      await bareWs(options),
      await behindNginx(bareWs, options),
      await behindNginx(socketIo(stack), options),
    ]
    const [parleys, bare, proxied, io] = await compare(sides, { ...options, profile: ours })
    if (!parleys || !bare || !proxied || !io) throw new Error('a result for each side')
    if (nodes === 1) atMost('× bare ws behind nginx', parleys.cpuMicros / proxied.cpuMicros, busy ? 0.4 : 0.7)
    atMost('× Socket.IO + Redis adapter behind nginx', parleys.cpuMicros / io.cpuMicros, nodes === 1 ? 0.55 : 0.6)
    if (busy) atMost('p50, ms', parleys.p50, 12)
  })
}

/** Everything that a message touches on its way: gateways, nodes, the store and the bus. */
async function parley(
  { rooms, people, send, profileOf }: FanOutOptions,
  { gateways, signaling, redis, nats }: Stack,
): Promise<Side> {
  const guests = await roomsOf(first(gateways).url, rooms, people)
  const sockets = await joinedRooms(
    gateways.map(({ url }) => url),
    guests,
  )
  const [profiled, others] = profileOf === 'gateway' ? [gateways, signaling] : [signaling, gateways]
  return {
    name: 'Parley, all processes',
    pids: [...profiled, ...others, redis, nats].map(({ pid }) => pid),
    names: [...[...profiled, ...others].map(({ id }) => id), 'redis', 'nats'],
    rooms: sockets,
    ...(send === 'reaction' ? { send: react, counts: isReaction } : { send: toggleCam, counts: isMediaChanged }),
    stop: () => cut(sockets),
  }
}

type MakeSide = (options: FanOutOptions, proxied?: (url: string) => Promise<string>) => Promise<Side>

/** A peer as people run it: Debian's nginx is in front of each of its nodes, and counted. */
async function behindNginx(make: MakeSide, options: FanOutOptions): Promise<Side> {
  const proxies: Proxy[] = []
  const side = await make(options, async (url) => {
    const proxy = await startNginx(url)
    proxies.push(proxy)
    return proxy.url
  })
  const stop = (): void => {
    for (const proxy of proxies) proxy.stop()
    side.stop()
  }
  const pids = [...side.pids, ...proxies.flatMap((proxy) => proxy.pids)]
  return { ...side, name: `${side.name} behind nginx`, pids, stop }
}

const cut = (rooms: readonly (readonly WebSocket[])[]): void => {
  for (const socket of rooms.flat()) socket.terminate()
}

/** One node, whatever the others have: it cannot do more. */
const bareWs: MakeSide = async ({ rooms, people }, proxied = async (url) => url) => {
  const peer = await startPeer('bare-ws-server.ts')
  const sockets = await bareRooms(await proxied(peer.url), rooms, people)
  const text = JSON.stringify(sample)
  const stop = (): void => {
    cut(sockets)
    peer.stop()
  }
  const send = (socket: WebSocket): void => socket.send(text)
  return { name: 'bare ws', pids: [peer.pid], rooms: sockets, send, counts: () => true, stop }
}

const socketIo =
  ({ redis }: Stack): MakeSide =>
  async ({ rooms, people, nodes }, proxied = async (url) => url) => {
    const peers = await several(nodes, nodes, () => startPeer('socket-io-server.ts', [redis.url]))
    const urls = await several(nodes, nodes, (index) => proxied(peers[index]?.url ?? ''))
    const sockets = await socketIoRooms(urls, rooms, people)
    const text = `42${JSON.stringify(['say', sample])}`
    const stop = (): void => {
      cut(sockets)
      for (const peer of peers) peer.stop()
    }
    return {
      name: 'Socket.IO + Redis adapter',
      // Redis carries its broadcasts.
      pids: [...peers.map(({ pid }) => pid), redis.pid],
      rooms: sockets,
      send: (socket) => socket.send(text),
      counts: isSocketIoEvent,
      stop,
    }
  }
