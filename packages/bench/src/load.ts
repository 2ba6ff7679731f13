import { setTimeout as sleep } from 'node:timers/promises'
import type WebSocket from 'ws'
import { cpuMicros, residentKiB } from './proc.ts'

export interface LoadOptions {
  /** Pid of the server whose CPU is measured. */
  pid: number
  perRoomPerSecond: number
  seconds: number
  /** Sends one message of a room; called with the room's sockets in turn. */
  send(socket: WebSocket, n: number): void
  /** Whether a received text is one of the broadcasts that are counted. */
  counts(text: string): boolean
}

export interface LoadResult {
  deliveries: number
  cpuMicrosPerDelivery: number
  residentKiB: number
}

/** Opens sockets, a few at a time; rejects when one is refused. */
export async function openAll(count: number, open: (index: number) => WebSocket): Promise<WebSocket[]> {
  const sockets: WebSocket[] = []
  for (let index = 0; index < count; index++) {
    const socket = open(index)
    await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject))
    sockets.push(socket)
  }
  return sockets
}

/** Sends at a steady rate into every room for some seconds; counts what arrives and what it cost the server. */
export async function load(rooms: readonly (readonly WebSocket[])[], options: LoadOptions): Promise<LoadResult> {
  let deliveries = 0
  for (const room of rooms)
    for (const socket of room) socket.on('message', (data) => (deliveries += options.counts(String(data)) ? 1 : 0))
  await sleep(500)
  const before = cpuMicros(options.pid)
  const everyMs = 1_000 / options.perRoomPerSecond
  const total = options.seconds * options.perRoomPerSecond
  const begun = performance.now()
  for (let n = 0; n < total; n++) {
    for (const [index, room] of rooms.entries()) {
      const socket = room[(n + index) % room.length]
      if (socket) options.send(socket, n)
    }
    await sleep(Math.max(0, begun + (n + 1) * everyMs - performance.now()))
  }
  await sleep(500)
  const used = cpuMicros(options.pid) - before
  return { deliveries, cpuMicrosPerDelivery: used / deliveries, residentKiB: residentKiB(options.pid) }
}
