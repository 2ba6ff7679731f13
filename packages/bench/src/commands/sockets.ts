import { setTimeout as sleep } from 'node:timers/promises'
import { Crowd } from '../crowd/crowd.ts'
import { openFiles } from '../machine.ts'
import { startPeer } from '../peers/peer.ts'
import { roomsOf } from '../product/people.ts'
import { first, withStack, type Stack } from '../product/stack.ts'
import { collectGarbage } from '../profile.ts'
import { residentKiB } from '../proc.ts'
import { atMost, head, row, say } from '../report.ts'
import type { CommonOptions } from './options.ts'

export interface SocketsOptions extends CommonOptions {
  count: number
  people: number
}

const workers = 4
/** Room tokens are good for two minutes: that many people are made, join, and then the next. */
const perStep = 500
/** Enough for every code path to be compiled and every pool to be filled. */
const warmUpPeople = 200
/** Longer than signaling keeps the answers to joins. */
const settleMs = 16_500
/** The gateway's other open files: connections to services and of callers of REST that are kept, and its inspector. */
const spare = 400

/** P4: memory of gateway and signaling together for each idle joined socket; then one broadcast has to reach everybody. */
export async function sockets(options: SocketsOptions): Promise<void> {
  const { people } = options
  const count = Math.min(options.count, openFiles() - spare)
  head('P4', `${count} idle sockets in rooms of ${people}, through one gateway to one signaling node`)
  if (count < options.count) say(`    ${openFiles()} open files at most: ${count} sockets instead of ${options.count}`)
  const bare = await peerKiB('bare', count, people)
  row('bare ws', `${bare.toFixed(1)} KiB per socket`)
  await withStack({ file: options.stack }, async (stack) => {
    const io = await peerKiB('socket.io', count, people, stack.redis.url)
    row('Socket.IO + Redis adapter', `${io.toFixed(1)} KiB per socket`)
    const kiB = await ours(stack, count, people)
    atMost('KiB per socket, gateway and signaling', kiB, 16)
  })
}

/** Resident memory after a collection of garbage: what is needed, not what V8 has not given back yet. */
async function settledKiB(pids: readonly number[]): Promise<number[]> {
  const each: number[] = []
  for (const pid of pids) {
    await collectGarbage(pid)
    each.push(residentKiB([pid]))
  }
  return each
}

async function peerKiB(peer: 'bare' | 'socket.io', count: number, people: number, redis = ''): Promise<number> {
  const server = await startPeer(peer === 'bare' ? 'bare-ws-server.ts' : 'socket-io-server.ts', [redis])
  const crowd = new Crowd(workers)
  const open = (rooms: number) => crowd.do(() => ({ kind: 'open', peer, url: server.url, rooms, people }))
  await open(1)
  const [before = 0] = await settledKiB([server.pid])
  const rooms = Math.ceil(count / workers / people)
  await open(rooms)
  const [after = 0] = await settledKiB([server.pid])
  crowd.stop()
  server.stop()
  return (after - before) / (rooms * people * workers)
}

async function ours({ gateways, signaling }: Stack, count: number, people: number): Promise<number> {
  const [gateway, node] = [first(gateways), first(signaling)]
  const crowd = new Crowd(workers)
  const enter = async (some: number): Promise<number> => {
    const rooms = await roomsOf(gateway.url, Math.ceil(some / people), people)
    const { count: entered, failed } = await crowd.do((worker) => ({
      kind: 'join',
      url: gateway.url,
      guests: rooms.filter((_room, index) => index % workers === worker).flat(),
    }))
    if (failed > 0) say(`    ${failed} did not get in`)
    return entered
  }
  const warm = await enter(warmUpPeople)
  await sleep(settleMs)
  const pids = [gateway.pid, node.pid]
  const before = await settledKiB(pids)
  let entered = 0
  while (entered < count - warm) {
    const now = await enter(Math.min(perStep, count - warm - entered))
    if (now === 0) break
    entered += now
  }
  await sleep(settleMs)
  const kept = residentKiB(pids)
  const after = await settledKiB(pids)
  const each = after.map((kiB, index) => (kiB - (before[index] ?? 0)) / entered)
  const [atGateway = 0, atSignaling = 0] = each
  const found = before.reduce((sum, kiB) => sum + kiB, 0)
  row(
    'Parley',
    `${(atGateway + atSignaling).toFixed(1)} KiB per socket: gateway ${atGateway.toFixed(1)}, signaling ${atSignaling.toFixed(1)} ` +
      `(before a collection ${((kept - found) / entered).toFixed(1)})`,
  )
  await speak(crowd, entered + warm)
  crowd.stop()
  return atGateway + atSignaling
}

/** One message in each room: who is there, receives it. */
async function speak(crowd: Crowd, expected: number): Promise<void> {
  const begun = performance.now()
  const { count: rooms } = await crowd.do(() => ({ kind: 'speak' }))
  let received = 0
  while (received < expected && performance.now() - begun < 10_000) {
    await sleep(50)
    received = (await crowd.do(() => ({ kind: 'count' }))).count
  }
  const ms = (performance.now() - begun).toFixed(0)
  row('one broadcast in each room', `${rooms} rooms, ${received} of ${expected} sockets received it within ${ms} ms`)
}
