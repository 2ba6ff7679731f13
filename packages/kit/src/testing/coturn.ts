import { appendFile } from 'node:fs/promises'
import { join } from 'node:path'
import { findBinary } from './binaries.ts'
import { mediaAddress } from './media-address.ts'
import { makeSecret, pickPortRange, startMediaServer, type PortRange } from './media-server.ts'
import { freePort } from './ports.ts'
import { fillTemplates } from './templates.ts'

export interface CoturnOptions {
  /** By default made for it. */
  secret?: string
  /** Where it listens and relays; by default that of `mediaAddress`. */
  host?: string
  /** By default a free one. */
  port?: number
  /** Of relays. */
  relayPorts?: PortRange
  /** Addresses that it relays to although the deny list of production has them; by default only its own, where others' relays are. */
  allowedPeers?: readonly string[]
  /** More lines of its configuration. */
  lines?: readonly string[]
  /** A folder to keep. */
  dir?: string
  /** The program; by default that of this machine's packages. */
  command?: string
}

export interface RunningCoturn {
  /** For TURN_URLS: `turn:ADDRESS:PORT`. */
  url: string
  pid: number
  host: string
  port: number
  secret: string
  dir: string
  exited(): boolean
  /** SIGKILL unless it says otherwise. */
  kill(signal?: NodeJS.Signals): void
  stop(): Promise<void>
}

/** A coturn with the configuration of `deploy/coturn`, over UDP and TCP. */
export async function startCoturn(options: CoturnOptions = {}): Promise<RunningCoturn> {
  const command = options.command ?? findBinary('turnserver', 'coturn')
  const host = options.host ?? (await mediaAddress())
  const secret = options.secret ?? makeSecret()
  const relays = options.relayPorts ?? pickPortRange()
  const allowed = options.allowedPeers ?? [host]
  let port = 0
  const fixed = { dir: options.dir, fixedPorts: options.port !== undefined }
  const server = await startMediaServer('coturn', fixed, async (dir) => {
    port = options.port ?? (await freePort())
    await fillTemplates('coturn', dir, {
      TURN_PORT: String(port),
      TURN_ADDRESS: host,
      TURN_MIN_PORT: String(relays.from),
      TURN_MAX_PORT: String(relays.to),
      TURN_REALM: 'parley',
      TURN_SECRET: secret,
    })
    const file = join(dir, 'turnserver.conf')
    // Coturn refuses a loopback before it looks at its lists. With this line the deny list refuses all others of 127/8.
    const loopback = allowed.some((address) => address.startsWith('127.')) ? ['allow-loopback-peers'] : []
    const own = [...allowed.map((address) => `allowed-peer-ip=${address}`), ...loopback, ...(options.lines ?? [])]
    // Its log to us, and nothing of it outside its folder.
    const local = ['log-file=stdout', 'simple-log', 'no-tls', 'no-dtls', `pidfile=${join(dir, 'pid')}`]
    await appendFile(file, `${[...own, ...local, `userdb=${join(dir, 'users.db')}`].join('\n')}\n`)
    return { command, args: ['-c', file], ready: [{ host, port }] }
  })
  const { pid, dir, stop, kill, exited } = server
  return {
    url: `turn:${host}:${port}`,
    pid,
    host,
    port,
    secret,
    dir,
    exited,
    kill: (signal = 'SIGKILL') => kill(signal),
    stop,
  }
}

/** The settings of signaling for this TURN server; with TCP as well, for networks that let no UDP pass. */
export const turnSettings = ({ url, secret }: Pick<RunningCoturn, 'url' | 'secret'>): Record<string, string> => ({
  TURN_URLS: `${url}?transport=udp,${url}?transport=tcp`,
  TURN_SECRET: secret,
})
