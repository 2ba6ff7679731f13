import { fork } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createParley } from '@parley/client'
import WebSocket from 'ws'
import { load, openAll, type LoadResult } from './load.ts'

export interface FanOutOptions {
  rooms: number
  people: number
  rate: number
  seconds: number
  /** The file that `npm run stack -- --json` wrote. */
  stack: string
}

interface Stack {
  gateways: { url: string }[]
  signaling: { pid: number; url: string }[]
}

/** P1: CPU of the server per delivered broadcast, ours and a bare `ws` server, one after the other in one run. */
export async function fanOut(options: FanOutOptions): Promise<void> {
  const { rooms, people, rate, seconds } = options
  process.stdout.write(`${rooms} rooms × ${people} people, ${rate} messages/s per room, ${seconds} s\n`)
  const bare = await bareWs(options)
  print('bare ws', bare)
  const ours = await signaling(options)
  print('Parley signaling', ours)
  const ratio = ours.cpuMicrosPerDelivery / bare.cpuMicrosPerDelivery
  process.stdout.write(
    `ratio ${ratio.toFixed(2)} × bare ws (goal P1: ≤ 1.0 when quiet) ${ratio <= 1 ? 'met' : 'not met'}\n`,
  )
}

function print(name: string, { deliveries, cpuMicrosPerDelivery, residentKiB }: LoadResult): void {
  process.stdout.write(
    `${name.padEnd(18)} ${String(deliveries).padStart(9)} deliveries  ${cpuMicrosPerDelivery.toFixed(2).padStart(7)} µs CPU each  ${Math.round(residentKiB / 1024)} MiB\n`,
  )
}

async function bareWs({ rooms, people, rate, seconds }: FanOutOptions): Promise<LoadResult> {
  const child = fork(join(import.meta.dirname, 'bare-ws-server.ts'))
  const { port } = await new Promise<{ port: number }>((resolve) =>
    child.once('message', (message) => resolve(message as { port: number })),
  )
  const sockets = await Promise.all(
    Array.from({ length: rooms }, (_, room) => openAll(people, () => new WebSocket(`ws://127.0.0.1:${port}/${room}`))),
  )
  // As long as the broadcast that ours makes of a media update.
  const text = JSON.stringify({
    type: 'media.changed',
    payload: { v: 123_456, participantId: '0'.repeat(36), mic: true, cam: false, screen: false },
  })
  const result = await load(sockets, {
    pid: child.pid ?? 0,
    perRoomPerSecond: rate,
    seconds,
    send: (socket) => socket.send(text),
    counts: () => true,
  })
  for (const socket of sockets.flat()) socket.terminate()
  child.disconnect()
  return result
}

async function signaling({ rooms, people, rate, seconds, stack }: FanOutOptions): Promise<LoadResult> {
  const { gateways, signaling: nodes } = JSON.parse(await readFile(stack, 'utf8')) as Stack
  const [gateway, node] = [gateways[0], nodes[0]]
  if (!gateway || !node) throw new Error('the stack has no gateway or no signaling node')
  const sockets: WebSocket[][] = []
  for (let room = 0; room < rooms; room++) sockets.push(await enterRoom(gateway.url, node.url, people))
  let flip = false
  const result = await load(sockets, {
    pid: node.pid,
    perRoomPerSecond: rate,
    seconds,
    send(socket, n) {
      flip = n % 2 === 0
      socket.send(JSON.stringify({ type: 'media.update', payload: { mic: flip, cam: !flip, screen: n % 3 === 0 } }))
    },
    counts: (text) => text.startsWith('{"type":"media.changed"'),
  })
  for (const socket of sockets.flat()) socket.terminate()
  return result
}

/** A meeting with its people in it, on the node's own port. */
async function enterRoom(gateway: string, node: string, people: number): Promise<WebSocket[]> {
  const host = createParley({ url: gateway, tokenDelivery: 'body' })
  await host.signUp({ email: `${crypto.randomUUID()}@example.org`, password: 'correct horse', name: 'Host' })
  const { code } = await host.rest.createMeeting({ body: { maxParticipants: Math.max(2, people) } })
  const guests = await Promise.all(
    Array.from({ length: people }, async (_, index) => {
      const guest = createParley({ url: gateway, tokenDelivery: 'body' })
      await guest.signInAsGuest({ name: `Guest ${index}` })
      const { roomToken } = await guest.rest.join({ body: { code } })
      return { roomToken, accessToken: await guest.accessToken() }
    }),
  )
  host.close()
  const sockets = await openAll(
    people,
    (index) =>
      new WebSocket(`${node.replace('http', 'ws')}/v1/ws`, ['parley.v1', `bearer.${guests[index]?.accessToken}`]),
  )
  await Promise.all(sockets.map((socket, index) => enter(socket, guests[index]?.roomToken ?? '')))
  return sockets
}

function enter(socket: WebSocket, roomToken: string): Promise<void> {
  socket.on('message', (data) => {
    if (String(data).startsWith('{"type":"ping"')) socket.send('{"type":"pong"}')
  })
  return new Promise((resolve, reject) => {
    socket.on('message', (data) => {
      const { type, payload } = JSON.parse(String(data)) as { type: string; payload: unknown }
      if (type === 'room.joined') resolve()
      if (type === 'error') reject(new Error(JSON.stringify(payload)))
    })
    socket.send(
      JSON.stringify({
        type: 'room.join',
        requestId: 'join',
        payload: { roomToken, device: { mic: true, cam: true } },
      }),
    )
  })
}
