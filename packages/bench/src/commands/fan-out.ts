import type WebSocket from 'ws'
import { compare, type Load, type Side } from '../load.ts'
import { bareRooms, isSocketIoEvent, sample, socketIoRooms } from '../peers/crowd.ts'
import { startNginx } from '../peers/nginx.ts'
import { startPeer } from '../peers/peer.ts'
import { isMediaChanged, joinedRooms, toggleCam } from '../product/participant.ts'
import { roomsOf, several } from '../product/people.ts'
import { first, withStack, type Stack } from '../product/stack.ts'
import type { Profiling } from '../profile.ts'
import { atMost, head } from '../report.ts'

export interface FanOutOptions extends Load {
  rooms: number
  people: number
  nodes: number
  /** P11: through the gateway, every process counted, beside a peer behind nginx. */
  wholePath?: boolean
  stack?: string
  profiling?: Profiling
}

/** From here on a room is busy: another message within 20 ms is usual. */
const busyFrom = 50

/** P1: CPU of the server per delivered broadcast, beside a bare `ws` server and Socket.IO with Redis. */
export async function fanOut(options: FanOutOptions): Promise<void> {
  const { rooms, people, nodes, perRoomPerSecond, seconds } = options
  const busy = perRoomPerSecond >= busyFrom
  if (options.wholePath === true) return await wholePath(options, busy)
  const what = `${rooms} rooms × ${people} people, ${perRoomPerSecond} messages/s each (${busy ? 'busy' : 'quiet'})`
  head('P1', `fan-out, ${what}, ${nodes === 1 ? 'one node' : `${nodes} nodes`}, ${seconds} s`)
  await withStack({ file: options.stack, signaling: nodes }, async (stack) => {
    const ours = await parley(options, stack)
    const sides = [ours, await bareWs(options), await socketIo(options, stack.redis.url)]
    const [parleys, bare, io] = await compare(sides, { ...options, profile: ours })
    if (!parleys || !bare || !io) throw new Error('a result for each side')
    if (nodes === 1) atMost('× bare ws', parleys.cpuMicros / bare.cpuMicros, busy ? 0.6 : 1)
    else atMost('× Socket.IO + Redis adapter', parleys.cpuMicros / io.cpuMicros, 0.6)
  })
}

/** P11: what a delivery costs over the whole path; the peers do the nearest equal work, a plain broadcast. */
async function wholePath(options: FanOutOptions, busy: boolean): Promise<void> {
  const { rooms, people, perRoomPerSecond, seconds } = options
  head('P11', `whole path, ${rooms} rooms × ${people} people, ${perRoomPerSecond} state changes/s each, ${seconds} s`)
  await withStack({ file: options.stack, signaling: options.nodes }, async (stack) => {
    const ours = await throughGateway(options, stack)
    const sides = [ours, await bareWs(options), await bareWsBehindNginx(options)]
    const [parleys, bare, proxied] = await compare(sides, { ...options, profile: ours })
    if (!parleys || !bare || !proxied) throw new Error('a result for each side')
    atMost('× bare ws behind nginx', parleys.cpuMicros / proxied.cpuMicros, busy ? 0.4 : 0.7)
  })
}

async function bareWsBehindNginx(options: FanOutOptions): Promise<Side> {
  const peer = await startPeer('bare-ws-server.ts')
  const nginx = await startNginx(peer.url)
  const side = bareSide(await bareRooms(nginx.url, options.rooms, options.people))
  const stop = (): void => {
    cut(side.rooms)
    nginx.stop()
    peer.stop()
  }
  return { ...side, name: 'bare ws behind nginx', pids: [peer.pid, ...nginx.pids], stop }
}

/** Everything that a change touches on its way: gateways, nodes, the store and the bus. */
async function throughGateway(
  { rooms, people }: FanOutOptions,
  { gateways, signaling, redis, nats }: Stack,
): Promise<Side> {
  const guests = await roomsOf(first(gateways).url, rooms, people)
  const sockets = await joinedRooms(
    gateways.map(({ url }) => url),
    guests,
  )
  return {
    name: 'Parley, all processes',
    pids: [...signaling, ...gateways, redis, nats].map(({ pid }) => pid),
    rooms: sockets,
    send: toggleCam,
    counts: isMediaChanged,
    stop: () => cut(sockets),
  }
}

const cut = (rooms: readonly (readonly WebSocket[])[]): void => {
  for (const socket of rooms.flat()) socket.terminate()
}

/** One node, whatever the others have: it cannot do more. */
async function bareWs({ rooms, people }: FanOutOptions): Promise<Side> {
  const peer = await startPeer('bare-ws-server.ts')
  const side = bareSide(await bareRooms(peer.url, rooms, people))
  const stop = (): void => {
    cut(side.rooms)
    peer.stop()
  }
  return { ...side, name: 'bare ws, one node', pids: [peer.pid], stop }
}

function bareSide(rooms: readonly (readonly WebSocket[])[]): Pick<Side, 'rooms' | 'send' | 'counts'> {
  const text = JSON.stringify(sample)
  return { rooms, send: (socket) => socket.send(text), counts: () => true }
}

async function socketIo({ rooms, people, nodes }: FanOutOptions, redis: string): Promise<Side> {
  const peers = await several(nodes, nodes, () => startPeer('socket-io-server.ts', [redis]))
  const urls = peers.map(({ url }) => url)
  const sockets = await socketIoRooms(urls, rooms, people)
  const text = `42${JSON.stringify(['say', sample])}`
  const stop = (): void => {
    cut(sockets)
    for (const peer of peers) peer.stop()
  }
  return {
    name: 'Socket.IO + Redis adapter',
    pids: peers.map(({ pid }) => pid),
    rooms: sockets,
    send: (socket) => socket.send(text),
    counts: isSocketIoEvent,
    stop,
  }
}

/** On the nodes' own ports, the people of a room on the nodes in turn. */
async function parley({ rooms, people, nodes }: FanOutOptions, { gateways, signaling }: Stack): Promise<Side> {
  const used = signaling.slice(0, nodes)
  const guests = await roomsOf(first(gateways).url, rooms, people)
  const sockets = await joinedRooms(
    used.map(({ url }) => url),
    guests,
  )
  return {
    name: 'Parley signaling',
    pids: used.map(({ pid }) => pid),
    rooms: sockets,
    send: toggleCam,
    counts: isMediaChanged,
    stop: () => cut(sockets),
  }
}
