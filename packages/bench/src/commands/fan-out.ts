import type WebSocket from 'ws'
import { compare, type Load, type Side } from '../load.ts'
import { bareRooms, isSocketIoEvent, sample, socketIoRooms } from '../peers/crowd.ts'
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
  stack?: string
  profiling?: Profiling
}

/** From here on a room is busy: another message within 20 ms is usual. */
const busyFrom = 50

/** P1: CPU of the server per delivered broadcast, beside a bare `ws` server and Socket.IO with Redis. */
export async function fanOut(options: FanOutOptions): Promise<void> {
  const { rooms, people, nodes, perRoomPerSecond, seconds } = options
  const busy = perRoomPerSecond >= busyFrom
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

const cut = (rooms: readonly WebSocket[][]): void => {
  for (const socket of rooms.flat()) socket.terminate()
}

/** One node, whatever the others have: it cannot do more. */
async function bareWs({ rooms, people }: FanOutOptions): Promise<Side> {
  const peer = await startPeer('bare-ws-server.ts')
  const sockets = await bareRooms(peer.url, rooms, people)
  const text = JSON.stringify(sample)
  const stop = (): void => {
    cut(sockets)
    peer.stop()
  }
  return {
    name: 'bare ws, one node',
    pids: [peer.pid],
    rooms: sockets,
    send: (socket) => socket.send(text),
    counts: () => true,
    stop,
  }
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
