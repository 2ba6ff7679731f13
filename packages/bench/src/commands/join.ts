import type WebSocket from 'ws'
import { join, openSocket } from '../product/participant.ts'
import { roomsOf, several, type Guest } from '../product/people.ts'
import { first, withStack, type Stack } from '../product/stack.ts'
import { cpuMicros, withChildren } from '../proc.ts'
import { profiled, type Profiling } from '../profile.ts'
import { atLeast, atMost, head, micros, millis, quantile, row, say } from '../report.ts'
import type { CommonOptions } from './options.ts'

export interface JoinOptions extends CommonOptions {
  rooms: number
  people: number
  /** Of the one large room. */
  crowd: number
}

const inFlight = 16
/** Joined before anything is measured: code that is not compiled yet is nobody's cost. */
const warmUp = { rooms: 20, people: 50 }

/** P3: joins per second on one node (token check, commit, snapshot, broadcast), and how fast one large room fills. */
export async function joins(options: JoinOptions): Promise<void> {
  const { rooms, people, crowd } = options
  head(
    'P3',
    `joins, ${rooms} rooms × ${people} people, then one room of ${crowd}; ${inFlight} at a time, sockets open already`,
  )
  await withStack({ file: options.stack }, async (stack) => {
    await fill(stack, warmUp)
    const many = await fill(stack, { rooms, people }, options.profiling)
    row(`${rooms} rooms × ${people}`, told(many))
    const large = await fill(stack, { rooms: 1, people: crowd }, crowdProfile(options))
    row(`one room of ${crowd}`, told(large))
    atLeast('joins per second', many.count / many.seconds, 500)
    atMost(`seconds until all ${crowd} are in`, large.failed === 0 ? large.seconds : Number.POSITIVE_INFINITY, 5)
  })
}

/** The large room has a profile of its own. */
const crowdProfile = ({ profiling }: JoinOptions): Profiling | undefined =>
  profiling && { file: `${profiling.file}.crowd.cpuprofile` }

interface Filled {
  count: number
  failed: number
  seconds: number
  /** Of each process, for each join, µs. */
  cpu: Map<string, number>
  delays: number[]
}

const told = ({ count, failed, seconds, cpu, delays }: Filled): string =>
  `${(count / seconds).toFixed(0)} joins/s, ${count} in ${seconds.toFixed(2)} s, ${failed} failed, ` +
  `p50 ${millis(quantile(delays, 0.5))}, p99 ${millis(quantile(delays, 0.99))}; CPU each: ` +
  [...cpu].map(([name, each]) => `${name} ${micros(each)}`).join(', ')

async function fill(
  stack: Stack,
  { rooms, people }: { rooms: number; people: number },
  profiling?: Profiling,
): Promise<Filled> {
  const node = first(stack.signaling)
  // One of each room after the other, as people come.
  const byRoom = await roomsOf(first(stack.gateways).url, rooms, people)
  const guests = Array.from({ length: people }, (_none, turn) => byRoom.flatMap((room) => room[turn] ?? [])).flat()
  const opened = await several(guests.length, 32, (index) =>
    openSocket(first(stack.gateways).url, guestAt(guests, index)),
  )
  const before = cpuOf(stack)
  const begun = performance.now()
  const delays = await profiled(profiling, [node.pid], () => enterAll(opened, guests))
  const seconds = (performance.now() - begun) / 1_000
  const cpu = new Map([...cpuOf(stack)].map(([name, used]) => [name, (used - (before.get(name) ?? 0)) / guests.length]))
  for (const socket of opened) socket.terminate()
  return { count: delays.length, failed: guests.length - delays.length, seconds, cpu, delays }
}

/** The CPU that each kind of process of the stack has used so far, µs. */
const cpuOf = ({ gateways, signaling, meetings, auth, media, nats, redis, postgres }: Stack): Map<string, number> =>
  new Map(
    Object.entries({
      gateway: gateways,
      signaling,
      meetings,
      auth,
      media,
      nats: [nats],
      redis: [redis],
      postgres: withChildren(postgres.pid),
    }).map(([name, processes]) => [name, cpuMicros(processes.map(({ pid }) => pid))]),
  )

/** How long each join took that did not fail, ms. */
async function enterAll(sockets: readonly WebSocket[], guests: readonly Guest[]): Promise<number[]> {
  const delays: number[] = []
  const failures = new Map<string, number>()
  await several(guests.length, inFlight, async (index) => {
    const socket = sockets[index]
    if (socket === undefined) throw new Error('a socket for every guest')
    const asked = performance.now()
    try {
      await join(socket, guestAt(guests, index))
      delays.push(performance.now() - asked)
    } catch (error) {
      const detail = /"code":"([\w-]+)"/.exec(String(error))?.[1] ?? String(error)
      failures.set(detail, (failures.get(detail) ?? 0) + 1)
    }
  })
  for (const [detail, count] of failures) say(`    ${count} joins failed: ${detail}`)
  return delays
}

function guestAt(guests: readonly Guest[], index: number): Guest {
  const guest = guests[index]
  if (guest === undefined) throw new Error('a guest for every place')
  return guest
}
