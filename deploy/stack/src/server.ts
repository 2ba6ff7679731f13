import { setTimeout as sleep } from 'node:timers/promises'
import {
  startNats,
  startPostgres,
  startRedis,
  startRedisSentinel,
  type RunningServer,
  type ServerOptions,
} from '@parley/kit/testing'

const starters = { postgres: startPostgres, redis: startRedis, nats: startNats } as const
export type ServerName = keyof typeof starters

export type SentinelPart = 'master' | 'replica' | 'sentinel'

/** A process that may be killed, and can come back where it was. */
export interface Watched {
  readonly name: string
  /** Of its present process. */
  readonly pid: number
  restart(): Promise<void>
}

/** A server that the replicas share: on a free port of 127.0.0.1, in a temporary folder, gone when this process is. */
export interface Server extends Watched {
  readonly name: ServerName
  readonly url: string
  /** The same with a login, where there is one: for who looks on from outside. */
  readonly openUrl: string
  /** Its folder; PostgreSQL's data is in it. */
  readonly dir: string
  /** Of Redis with a Sentinel: each of its servers. */
  readonly parts?: Readonly<Record<SentinelPart, RunningServer>>
  /** Brings it back on its port after it was killed: PostgreSQL with its data, the others empty. */
  restart(): Promise<void>
  stop(): Promise<void>
}

const restartAttempts = 20
const pauseMs = 500

export async function startServer(
  name: ServerName,
  fixed: ServerOptions = {},
  withLogin: (url: string) => string = (url) => url,
): Promise<Server> {
  const start = starters[name]
  const first = await start(fixed)
  const { url, port, dir } = first
  let current = first
  async function restart(): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        current = await start({ ...fixed, port, ...(name === 'postgres' ? { dir } : {}) })
        return
      } catch (error) {
        // PostgreSQL does not start before the last process of the killed one has let go of its memory.
        if (attempt === restartAttempts) throw error
      }
      await sleep(pauseMs)
    }
  }
  async function stop(): Promise<void> {
    if (current !== first) await current.stop()
    // The folder is the first one's.
    await first.stop()
  }
  return {
    name,
    url,
    openUrl: withLogin(url),
    dir,
    restart,
    stop,
    get pid() {
      return current.pid
    },
  }
}

/** Redis as a master, a replica and a Sentinel; the url names the Sentinel, the rest is the master's. */
export async function startSentinel(): Promise<Server> {
  const { url, master, replica, sentinel, stop } = await startRedisSentinel()
  const { pid, dir } = master
  const restart = () => Promise.reject(new Error('what the Sentinel looks after is not brought back'))
  return { name: 'redis', url, openUrl: url, pid, dir, parts: { master, replica, sentinel }, restart, stop }
}

const watchEveryMs = 250

/** Calls `onExit` once for each process of a server that is gone, and again only after it came back. */
export function watchServers(servers: readonly Watched[], onExit: (server: Watched) => void): { stop(): void } {
  const told = new Map<Watched, number>()
  const timer = setInterval(() => {
    for (const server of servers) {
      if (told.get(server) === server.pid || isAlive(server.pid)) continue
      told.set(server, server.pid)
      onExit(server)
    }
  }, watchEveryMs)
  return { stop: () => clearInterval(timer) }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}
