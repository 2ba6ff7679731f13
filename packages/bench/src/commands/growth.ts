import { setTimeout as sleep } from 'node:timers/promises'
import type WebSocket from 'ws'
import { compare, type Side } from '../load.ts'
import { isMediaChanged, joinedRooms, toggleCam } from '../product/participant.ts'
import { roomsOf } from '../product/people.ts'
import { first, withStack, type Stack } from '../product/stack.ts'
import { cpuMicros } from '../proc.ts'
import { atMost, head, row } from '../report.ts'
import type { CommonOptions } from './options.ts'

export interface GrowthOptions extends CommonOptions {
  seconds: number
}

interface Shape {
  rooms: number
  people: number
  /** In all rooms together. */
  perSecond: number
}

const idleMs = 4_000
const roomsPerStep = 100
const goal = 1.15

/** P8: what a delivery costs as a room, and as the number of rooms, grows; the cost of idle sockets is taken off. */
export async function growth(options: GrowthOptions): Promise<void> {
  head('P8', `growth, ${options.seconds} s each`)
  await withStack({ file: options.stack }, async (stack) => {
    const ten = await costOf(stack, { rooms: 100, people: 10, perSecond: 2_000 / 10 }, options)
    const thousand = await costOf(stack, { rooms: 1, people: 1_000, perSecond: 20 }, options)
    const one = await costOf(stack, { rooms: 1, people: 5, perSecond: 40 }, options)
    const manyRooms = await costOf(stack, { rooms: 1_000, people: 5, perSecond: 40 }, options)
    atMost('a room of 1,000, × rooms of 10', thousand / ten, goal)
    atMost('1,000 rooms, × one', manyRooms / one, goal)
  })
}

/** µs of CPU per delivery of a stack's gateway and node, beyond what its sockets cost without messages. */
async function costOf(stack: Stack, { rooms, people, perSecond }: Shape, { seconds }: GrowthOptions): Promise<number> {
  const [gateway, node] = [first(stack.gateways), first(stack.signaling)]
  const sockets: WebSocket[][] = []
  while (sockets.length < rooms) {
    // Not all at once: a room token is good for two minutes.
    const guests = await roomsOf(gateway.url, Math.min(roomsPerStep, rooms - sockets.length), people)
    sockets.push(...(await joinedRooms([gateway.url], guests)))
  }
  const side: Side = {
    name: `${rooms} × ${people} people`,
    pids: [gateway.pid, node.pid],
    rooms: sockets,
    send: toggleCam,
    counts: isMediaChanged,
    stop: () => sockets.flat().forEach((socket) => socket.terminate()),
  }
  await sleep(1_000)
  const before = cpuMicros(side.pids)
  await sleep(idleMs)
  const idlePerSecond = (cpuMicros(side.pids) - before) / (idleMs / 1_000)
  const [result] = await compare([side], { perRoomPerSecond: perSecond / rooms, seconds })
  if (result === undefined) throw new Error('a result for each side')
  const idle = (idlePerSecond * result.measuredSeconds) / result.deliveries
  row('', `of it ${idle.toFixed(2)} µs would be spent without messages`)
  await sleep(1_000)
  return result.cpuMicros - idle
}
