import { setTimeout as sleep } from 'node:timers/promises'
import WebSocket from 'ws'
import { compare, type Side } from '../load.ts'
import { bareRooms } from '../peers/crowd.ts'
import { startPeer } from '../peers/peer.ts'
import { join, openSocket, socketUrl } from '../product/participant.ts'
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

/** P2: `rtc.signal` from one to another, at one gateway and node and between two of each, beside a bare `ws` server that passes texts on. */
export async function relay(options: RelayOptions): Promise<void> {
  const { perSecond, seconds } = options
  const pairs = Math.ceil(perSecond / perPair)
  head('P2', `rtc.signal, ${pairs} pairs, ${perSecond}/s, ${seconds} s`)
  await withStack({ file: options.stack, signaling: 2, gateways: 2 }, async (stack) => {
    const same = await parley('Parley, same gateway', pairs, stack, 0)
    const other = await parley('Parley, across', pairs, stack, 1)
    const sides = [same, other, await bareWs(pairs)]
    const load = { perRoomPerSecond: perPair, seconds, profiling: options.profiling, profile: same }
    const [near, far, bare] = await compare(sides, load)
    if (!near || !far || !bare) throw new Error('a result for each side')
    atMost('same gateway, p50 in ms', near.p50, 0.5)
    atMost('across gateways and nodes, p50 in ms', far.p50, 1)
    atMost('cost per relay at one gateway and node, × bare ws', near.cpuMicros / bare.cpuMicros, 2)
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

/** Pairs whose second is at the gateway and the node of that index, the first at the first ones. */
async function parley(name: string, pairs: number, { gateways, signaling }: Stack, at: number): Promise<Side> {
  const guests = await roomsOf(first(gateways).url, pairs, 2)
  const places = [0, at].map((index) => [first(gateways.slice(index)), first(signaling.slice(index))] as const)
  const hints = await several(2, 1, (index) => hintFor(first(gateways).url, places[index]?.[1].url ?? ''))
  const frames = new Map<WebSocket, string>()
  const rooms = await several(pairs, 4, async (pair) => {
    const sockets: WebSocket[] = []
    for (const [index, guest] of (guests[pair] ?? []).entries()) {
      const socket = await openSocket(places[index]?.[0].url ?? '', { ...guest, meetingId: hints[index] ?? '' })
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
    pids: [...new Set(places.flat().map(({ pid }) => pid))],
    rooms,
    audience: 1,
    senders: 1,
    send: (socket) => socket.send(frames.get(socket) ?? ''),
    counts: isSignal,
    stop: () => rooms.flat().forEach((socket) => socket.terminate()),
  }
}

/** A hint that leads to the node: found by trying, as the node counts its sockets. */
async function hintFor(gateway: string, node: string): Promise<string> {
  for (let tries = 0; tries < 50; tries += 1) {
    const hint = crypto.randomUUID()
    const before = await socketsOf(node)
    const socket = new WebSocket(socketUrl(gateway, hint), ['parley.v1'])
    await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject))
    const isHere = (await socketsOf(node)) > before
    socket.terminate()
    while ((await socketsOf(node)) > before) await sleep(20)
    if (isHere) return hint
  }
  throw new Error(`no hint leads to ${node}`)
}

async function socketsOf(node: string): Promise<number> {
  const text = await (await fetch(`${node}/metrics`)).text()
  return Number(/^parley_signaling_sockets\{[^}]*\} (\d+)/m.exec(text)?.[1] ?? 0)
}

const prefix = Buffer.from('{"type":"rtc.signal"')
const isSignal = (frame: Buffer): boolean => frame.subarray(0, prefix.length).equals(prefix)
