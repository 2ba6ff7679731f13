import type WebSocket from 'ws'
import { compare, type Side } from '../load.ts'
import { bareRooms } from '../peers/crowd.ts'
import { startPeer } from '../peers/peer.ts'
import { join, openSocket } from '../product/participant.ts'
import { roomsOf, several } from '../product/people.ts'
import { first, withStack, type Stack } from '../product/stack.ts'
import { atMost, head } from '../report.ts'
import type { CommonOptions } from './options.ts'

export interface RelayOptions extends CommonOptions {
  perSecond: number
  seconds: number
}

const perPair = 20
/** About as long as a candidate of WebRTC. */
const data = { candidate: `candidate:${'1 udp 2113937151 192.168.1.10 54321 typ host '.repeat(4)}`, sdpMid: '0' }

/** P2: `rtc.signal` from one to another, on one node and between two, beside a bare `ws` server that passes texts on. */
export async function relay(options: RelayOptions): Promise<void> {
  const { perSecond, seconds } = options
  const pairs = Math.ceil(perSecond / perPair)
  head('P2', `rtc.signal, ${pairs} pairs, ${perSecond}/s, ${seconds} s`)
  await withStack({ file: options.stack, signaling: 2 }, async (stack) => {
    const same = await parley('Parley, same node', pairs, stack, 0)
    const other = await parley('Parley, other node', pairs, stack, 1)
    const sides = [same, other, await bareWs(pairs)]
    const load = { perRoomPerSecond: perPair, seconds, profiling: options.profiling, profile: same }
    const [near, far, bare] = await compare(sides, load)
    if (!near || !far || !bare) throw new Error('a result for each side')
    atMost('same node, p50 in ms', near.p50, 1)
    atMost('other node, p50 in ms', far.p50, 2)
    atMost('cost per relay on one node, × bare ws', near.cpuMicros / bare.cpuMicros, 2)
  })
}

async function bareWs(pairs: number): Promise<Side> {
  const peer = await startPeer('bare-ws-server.ts')
  const rooms = await bareRooms(peer.url, pairs, 2)
  const text = `>1 ${JSON.stringify({ type: 'rtc.signal', payload: { to: '0'.repeat(36), data } })}`
  const stop = (): void => {
    for (const socket of rooms.flat()) socket.terminate()
    peer.stop()
  }
  const send = (socket: WebSocket): void => socket.send(text)
  return { name: 'bare ws', pids: [peer.pid], rooms, audience: 1, senders: 1, send, counts: () => true, stop }
}

/** Pairs whose second is on the node of that index, the first on the first node. */
async function parley(name: string, pairs: number, { gateways, signaling }: Stack, node: number): Promise<Side> {
  const guests = await roomsOf(first(gateways).url, pairs, 2)
  const nodes = [first(signaling), first(signaling.slice(node))]
  const frames = new Map<WebSocket, string>()
  const rooms = await several(pairs, 4, async (pair) => {
    const sockets: WebSocket[] = []
    for (const [index, guest] of (guests[pair] ?? []).entries()) {
      const socket = await openSocket(nodes[index]?.url ?? '', guest)
      const { selfParticipant } = await join(socket, guest)
      const [sender] = sockets
      if (sender !== undefined)
        frames.set(sender, JSON.stringify({ type: 'rtc.signal', payload: { to: selfParticipant.id, data } }))
      sockets.push(socket)
    }
    return sockets
  })
  return {
    name,
    pids: [...new Set(nodes.map(({ pid }) => pid))],
    rooms,
    audience: 1,
    senders: 1,
    send: (socket) => socket.send(frames.get(socket) ?? ''),
    counts: isSignal,
    stop: () => rooms.flat().forEach((socket) => socket.terminate()),
  }
}

const prefix = Buffer.from('{"type":"rtc.signal"')
const isSignal = (frame: Buffer): boolean => frame.subarray(0, prefix.length).equals(prefix)
