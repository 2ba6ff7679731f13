import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { createRandom, type Random } from '../random.ts'
import { Lane } from './lane.ts'
import { fair, type Weather } from './weather.ts'

export interface Address {
  host: string
  port: number
}

/** A TCP proxy between two parts of the product, and the weather on that way. */
export interface FaultProxy {
  readonly port: number
  /** Connections that are open now. */
  readonly size: number
  /** Changes the weather for every connection, those that come later included. */
  set(weather: Partial<Weather>): void
  /** Resets every connection; with `refuse`, new ones too until `accept`. */
  cut(how?: { refuse: boolean }): void
  accept(): void
  close(): Promise<void>
}

export interface FaultProxyOptions {
  /** Where to, in order of preference; asked for each connection, the next is tried when one cannot be reached. */
  targets: () => readonly Address[]
  /** A free one by default. */
  port?: number
  seed?: number
}

interface Way {
  client: Socket
  upstream: Socket
  lanes: readonly Lane[]
}

const dialMs = 1_000

/** Listens on 127.0.0.1. Delays, slices, stalls and cuts stand in for iptables and netem, which few machines permit. */
export async function startFaultProxy({ targets, port = 0, seed = 1 }: FaultProxyOptions): Promise<FaultProxy> {
  const random = createRandom(seed)
  const ways = new Set<Way>()
  const waiting = new Set<Socket>()
  let weather = fair
  let refusing = false

  const server: Server = createServer({ noDelay: true, allowHalfOpen: true }, (client) => {
    client.on('error', ignoreReset)
    if (refusing) return void client.resetAndDestroy()
    waiting.add(client)
    client.once('close', () => waiting.delete(client))
    if (weather.up === 'flow') open(client)
  })
  function open(client: Socket): void {
    waiting.delete(client)
    void dial(targets()).then((upstream) => {
      if (upstream === null || client.destroyed) {
        upstream?.destroy()
        client.resetAndDestroy()
        return
      }
      join({ client, upstream, random, weather: () => weather }, ways)
    })
  }
  // As the servers behind it: a crowd that comes at once must not wait here.
  const place = { port, host: '127.0.0.1', backlog: 4_096 }
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(place, resolve))
  const proxy: FaultProxy = {
    port: (server.address() as AddressInfo).port,
    get size() {
      return ways.size
    },
    set(change) {
      weather = { ...weather, ...change }
      if (weather.up === 'flow') for (const client of waiting) open(client)
      for (const { lanes } of ways) for (const lane of lanes) lane.pump()
    },
    cut({ refuse } = { refuse: false }) {
      refusing = refuse
      for (const { client, upstream } of ways) for (const socket of [client, upstream]) socket.resetAndDestroy()
      for (const client of waiting) client.resetAndDestroy()
    },
    accept() {
      refusing = false
    },
    async close() {
      proxy.cut({ refuse: true })
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return proxy
}

interface JoinOptions {
  client: Socket
  upstream: Socket
  random: Random
  weather: () => Weather
}

function join({ client, upstream, random, weather }: JoinOptions, ways: Set<Way>): void {
  const lanes = [
    new Lane({ from: client, to: upstream, way: 'up', weather, random }),
    new Lane({ from: upstream, to: client, way: 'down', weather, random }),
  ]
  const way = { client, upstream, lanes }
  ways.add(way)
  let open = 2
  for (const socket of [client, upstream])
    socket.once('close', () => {
      open -= 1
      if (open === 0) ways.delete(way)
    })
}

/** Null when none of them can be reached. */
async function dial(targets: readonly Address[]): Promise<Socket | null> {
  for (const target of targets) {
    const socket = connect({ ...target, noDelay: true, allowHalfOpen: true, timeout: dialMs })
    const connected = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true))
      socket.once('timeout', () => resolve(false))
      socket.on('error', (error) => {
        ignoreReset(error)
        resolve(false)
      })
    })
    socket.setTimeout(0)
    if (connected) return socket
    socket.destroy()
  }
  return null
}

/** The meaning of a reset or a refused connection is told by `close`, which always follows. */
function ignoreReset(_error: Error): void {
  return
}
