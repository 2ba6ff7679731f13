import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { findBinary } from './binaries.ts'
import { mediaAddress } from './media-address.ts'
import { makeSecret, pickPortRange, startMediaServer, type PortRange } from './media-server.ts'
import { freePort } from './ports.ts'
import { fillTemplates } from './templates.ts'

/** The settings by which the media service uses a Janus; every Janus of one product has the same. */
export interface JanusSecrets {
  adminSecret: string
  /** To make rooms. */
  adminKey: string
  tokenSecret: string
}

export interface JanusOptions {
  /** Its name in JANUS_SERVERS; by default `janus-1`. */
  id?: string
  /** By default made for it. */
  secrets?: JanusSecrets
  /** Where it is told to record; by default a folder of its own, removed by `stop`. */
  recordingsDir?: string
  /** The address for media; by default that of `mediaAddress`, and every one of this machine for `any`. */
  host?: string
  /** Of the two APIs, on 127.0.0.1: so a Janus can come back where another was. By default free ones. */
  ports?: { client: number; admin: number }
  /** Of media. */
  rtpPorts?: PortRange
  /** A folder to keep. */
  dir?: string
  /** The program; by default that of this machine's packages. */
  command?: string
}

export interface RunningJanus {
  id: string
  /** The client API: a WebSocket with the subprotocol `janus-protocol`. */
  url: string
  adminUrl: string
  pid: number
  secrets: JanusSecrets
  recordingsDir: string
  dir: string
  ports: { client: number; admin: number }
  host: string
  exited(): boolean
  /** SIGKILL unless it says otherwise. */
  kill(signal?: NodeJS.Signals): void
  stop(): Promise<void>
}

const bind = '127.0.0.1'

/** A Janus with the configuration of `deploy/janus`: only the VideoRoom, its APIs on 127.0.0.1, own secrets and ports. */
export async function startJanus(options: JanusOptions = {}): Promise<RunningJanus> {
  const command = options.command ?? findBinary('janus', 'janus')
  const id = options.id ?? 'janus-1'
  const host = options.host ?? (await mediaAddress())
  const secrets = options.secrets ?? makeJanusSecrets()
  const rtp = options.rtpPorts ?? pickPortRange()
  let ports = { client: 0, admin: 0 }
  const fixed = { dir: options.dir, fixedPorts: options.ports !== undefined }
  const server = await startMediaServer('janus', fixed, async (dir) => {
    ports = options.ports ?? { client: await freePort(), admin: await freePort() }
    await fillTemplates('janus', dir, {
      JANUS_ID: id,
      JANUS_BIND: bind,
      JANUS_PORT: String(ports.client),
      JANUS_ADMIN_PORT: String(ports.admin),
      JANUS_RTP_PORTS: `${rtp.from}-${rtp.to}`,
      JANUS_MEDIA_ADDRESSES: host === 'any' ? '' : host,
      JANUS_PUBLIC_ADDRESS: '',
      JANUS_ADMIN_SECRET: secrets.adminSecret,
      JANUS_ADMIN_KEY: secrets.adminKey,
      JANUS_TOKEN_SECRET: secrets.tokenSecret,
    })
    const ready = [ports.client, ports.admin].map((port) => ({ host: bind, port }))
    return { command, args: ['-F', dir], ready }
  })
  const { pid, dir, stop, kill, exited } = server
  const recordingsDir = options.recordingsDir ?? join(dir, 'recordings')
  await mkdir(recordingsDir, { recursive: true })
  return {
    id,
    url: `ws://${bind}:${ports.client}`,
    adminUrl: `http://${bind}:${ports.admin}/admin`,
    pid,
    secrets,
    recordingsDir,
    dir,
    ports,
    host,
    exited,
    kill: (signal = 'SIGKILL') => kill(signal),
    stop,
  }
}

/** Secrets for all Janus of one product. */
export const makeJanusSecrets = (): JanusSecrets => ({
  adminSecret: makeSecret(),
  adminKey: makeSecret(),
  tokenSecret: makeSecret(),
})

/** The settings of the media service for these Janus, which share secrets and the folder of recordings. */
export function janusSettings(servers: readonly RunningJanus[]): Record<string, string> {
  const [first] = servers
  if (first === undefined) return {}
  return {
    JANUS_SERVERS: servers.map(({ id, url, adminUrl }) => `${id}=${url}|${adminUrl}`).join(','),
    JANUS_ADMIN_SECRET: first.secrets.adminSecret,
    JANUS_ADMIN_KEY: first.secrets.adminKey,
    JANUS_TOKEN_SECRET: first.secrets.tokenSecret,
    JANUS_RECORDINGS_DIR: first.recordingsDir,
  }
}
