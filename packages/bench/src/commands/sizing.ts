import { writeFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import type WebSocket from 'ws'
import { join, openSocket, toggleCam } from '../product/participant.ts'
import { roomsOf, several, type Guest } from '../product/people.ts'
import { first, withStack, type Stack } from '../product/stack.ts'
import { cpuMicros, residentKiB } from '../proc.ts'
import { head, row } from '../report.ts'
import type { CommonOptions } from './options.ts'

export interface SizingOptions extends CommonOptions {
  meetings: number
  people: number
  /** Of each phase. */
  seconds: number
  /** Where the figures are written, for `parley size --measured`. */
  json?: string
}

/** By kind of process. */
type Figures = Record<string, number>

/** The cost of one thing: µs of CPU for each, by kind of process, beyond what goes on anyway. */
interface Phase {
  count: number
  micros: Figures
}

/** A typical meeting: what each person does. */
const typical = { chatPerMinute: 1, changesPerMinute: 2, minutes: 30 }
/** In a phase of its own, so that it stands out of what goes on anyway. */
const perSecond = 40
const joinWarmUp = { rooms: 10, people: 8 }

/** The cost of joins, sockets, messages and changes for each kind of process. Then a typical load of them all. */
export async function sizing(options: SizingOptions): Promise<void> {
  const { meetings, people, seconds } = options
  head('sizing', `${meetings} meetings × ${people} people, by one gateway; ${seconds} s each phase`)
  await withStack({ file: options.stack }, async (stack) => {
    const meter = new Meter(stack)
    await enter(stack, await roomsOf(first(stack.gateways).url, joinWarmUp.rooms, joinWarmUp.people)).then(closeAll)
    await sleep(2_000)
    const empty = meter.memory()
    const base = await meter.during(() => sleep(seconds * 1_000))
    const joined: WebSocket[][] = []
    const joins = await meter.phase(meetings * people, base, async () => {
      joined.push(...(await enter(stack, await roomsOf(first(stack.gateways).url, meetings, people))))
    })
    await sleep(2_000)
    const full = meter.memory()
    const idle = await meter.during(() => sleep(seconds * 1_000))
    const chat = await steadily(meter, { joined, seconds, rate: perSecond, send: sendChat }, idle)
    const change = await steadily(meter, { joined, seconds, rate: perSecond, send: toggleCam }, idle)
    const mixed = await meter.during(() => mix(stack, { joined, seconds: seconds * 2, people: meetings * people }))
    const result = { meetings, people, typical, empty, full, base, idle, join: joins, chat, change, mixed }
    for (const [name, value] of Object.entries(result)) row(name, JSON.stringify(value))
    if (options.json !== undefined) await writeFile(options.json, `${JSON.stringify(result, null, 2)}\n`)
    closeAll(joined)
  })
}

const closeAll = (rooms: readonly (readonly WebSocket[])[]): void =>
  rooms.flat().forEach((socket) => socket.terminate())

/** Everybody in, by the gateway, as people come. */
const enter = (stack: Stack, rooms: readonly (readonly Guest[])[]): Promise<WebSocket[][]> =>
  several(rooms.length, 4, (index) =>
    several(rooms[index]?.length ?? 0, 2, async (person) => {
      const guest = rooms[index]?.[person]
      if (guest === undefined) throw new Error('a guest for every place')
      const socket = await openSocket(first(stack.gateways).url, guest)
      await join(socket, guest)
      return socket
    }),
  )

interface Steady {
  joined: readonly (readonly WebSocket[])[]
  seconds: number
  rate: number
  send(socket: WebSocket): void
}

/** So many a second, in one room after the other. */
async function sendAll({ joined, seconds, rate, send }: Steady): Promise<number> {
  const total = Math.round(seconds * rate)
  const begun = performance.now()
  for (let n = 0; n < total; n += 1) {
    const late = performance.now() - (begun + (n * 1_000) / rate)
    if (late < 0) await sleep(-late)
    const room = joined[n % joined.length] ?? []
    const socket = room[Math.floor(n / joined.length) % room.length]
    if (socket !== undefined) send(socket)
  }
  await sleep(500)
  return total
}

const steadily = (meter: Meter, steady: Steady, idle: Figures): Promise<Phase> =>
  meter.phase(Math.round(steady.seconds * steady.rate), idle, async () => void (await sendAll(steady)))

let sent = 0
function sendChat(socket: WebSocket): void {
  sent += 1
  const payload = { clientMessageId: crypto.randomUUID(), text: `message number ${sent}, of a common length` }
  socket.send(JSON.stringify({ type: 'chat.send', requestId: `chat-${sent}`, payload }))
}

/** The actions of so many people: chat, changes of their devices, and some who come anew. */
async function mix(
  stack: Stack,
  { joined, seconds, people }: { joined: readonly (readonly WebSocket[])[]; seconds: number; people: number },
): Promise<void> {
  const coming = Math.round((people / (typical.minutes * 60)) * seconds)
  await Promise.all([
    sendAll({ joined, seconds, rate: (people * typical.chatPerMinute) / 60, send: sendChat }),
    sendAll({ joined, seconds, rate: (people * typical.changesPerMinute) / 60, send: toggleCam }),
    roomsOf(first(stack.gateways).url, Math.max(1, Math.ceil(coming / 8)), Math.min(8, coming))
      .then((rooms) => enter(stack, rooms))
      .then(closeAll),
  ])
}

/** CPU and memory of the processes of a stack, by kind. */
class Meter {
  readonly #stack: Stack

  constructor(stack: Stack) {
    this.#stack = stack
  }

  /** Resident memory, MiB. */
  memory(): Figures {
    return this.#each((pids) => residentKiB(pids) / 1_024)
  }

  /** CPU while `work` runs, µs a second. */
  async during(work: () => Promise<unknown>): Promise<Figures> {
    const { used, seconds } = await this.#measure(work)
    return Object.fromEntries(Object.entries(used).map(([name, micros]) => [name, micros / seconds]))
  }

  /** The cost of each of `count` things beyond what goes on anyway, which is given in µs a second. */
  async phase(count: number, anyway: Figures, work: () => Promise<unknown>): Promise<Phase> {
    const { used, seconds } = await this.#measure(work)
    const micros = Object.entries(used).map(([name, all]): [string, number] => {
      return [name, Math.max(0, all - (anyway[name] ?? 0) * seconds) / count]
    })
    return { count, micros: Object.fromEntries(micros) }
  }

  async #measure(work: () => Promise<unknown>): Promise<{ used: Figures; seconds: number }> {
    const before = this.#each(cpuMicros)
    const begun = performance.now()
    await work()
    const seconds = (performance.now() - begun) / 1_000
    const after = this.#each(cpuMicros)
    const used = Object.entries(after).map(([name, micros]): [string, number] => [name, micros - (before[name] ?? 0)])
    return { used: Object.fromEntries(used), seconds }
  }

  #each(read: (pids: number[]) => number): Figures {
    const { gateways, signaling, auth, meetings, chat, media, nats, redis } = this.#stack
    // Without PostgreSQL: its processes come and go, and share their memory.
    const all = { gateway: gateways, signaling, auth, meetings, chat, media, nats: [nats], redis: [redis] }
    return Object.fromEntries(
      Object.entries(all).map(([name, processes]) => [name, read(processes.map(({ pid }) => pid))]),
    )
  }
}
