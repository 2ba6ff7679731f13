import { chown, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findBinary } from './binaries.ts'
import type { Certificates } from './certificates.ts'
import { freePort } from './ports.ts'
import { initPostgres, postgresUser } from './postgres.ts'
import { startProcess, type ServerCommand } from './process.ts'

/** A real server of this machine's packages, on 127.0.0.1. */
export interface RunningServer {
  url: string
  pid: number
  port: number
  dir: string
  /** Stops it, immediately and without a clean shutdown where it has one, and removes its temporary folder. */
  stop(): Promise<void>
  kill(signal: NodeJS.Signals): void
}

export interface ServerOptions {
  /** A fixed port, so that a server can come back where another one was; by default a free one. */
  port?: number
  /** A folder to keep; by default a temporary one, removed by `stop`. */
  dir?: string
  /** More arguments of the command. */
  args?: readonly string[]
  /** Settings of NATS or Redis; they are in the file `<name>.conf` of the folder. */
  config?: string
  /** Of Redis: it takes TLS and nothing else, also from its replicas. */
  tls?: Certificates
}

type Recipe = Pick<ServerCommand, 'command' | 'args' | 'ready' | 'stopSignal' | 'user'>
type Prepare = (port: number, dir: string) => Recipe | Promise<Recipe>

/** A NATS server without JetStream. */
export const startNats = (options: ServerOptions = {}): Promise<RunningServer> =>
  startServer('nats', options, async (port, dir) => ({
    command: findBinary('nats-server', 'nats-server'),
    args: [
      '-a',
      '127.0.0.1',
      '-p',
      String(port),
      ...(await configFile('nats', options, dir, ['-c'])),
      ...args(options),
    ],
    ready: /Server is ready/,
    stopSignal: 'SIGTERM',
  }))

/** A Redis server that writes nothing to disk: every restart is empty. */
export const startRedis = (options: ServerOptions = {}): Promise<RunningServer> =>
  startServer(options.tls ? 'rediss' : 'redis', options, async (port, dir) => ({
    command: findBinary('redis-server', 'redis-server'),
    args: [
      ...(await configFile('redis', options, dir)),
      '--bind',
      '127.0.0.1',
      ...redisPort(port, options.tls).flatMap(([name, value]) => [`--${name}`, value]),
      '--dir',
      dir,
      '--save',
      '',
      '--appendonly',
      'no',
      ...args(options),
    ],
    ready: /Ready to accept connections/,
    stopSignal: 'SIGTERM',
  }))

/** Where Redis or a Sentinel listens: options of the command, and settings of its file. */
export const redisPort = (port: number, tls: Certificates | undefined): [name: string, value: string][] =>
  tls === undefined
    ? [['port', String(port)]]
    : [
        ['port', '0'],
        ['tls-port', String(port)],
        ['tls-cert-file', tls.cert],
        ['tls-key-file', tls.key],
        ['tls-ca-cert-file', tls.ca],
        ['tls-auth-clients', 'no'],
        ['tls-replication', 'yes'],
      ]

/** A PostgreSQL server with the superuser `postgres` and trust; an existing cluster in `dir` is used as it is. */
export const startPostgres = (options: ServerOptions = {}): Promise<RunningServer> =>
  startServer('postgres', options, async (port, dir) => {
    const user = postgresUser()
    const command = findBinary('postgres', 'postgresql')
    const data = await initPostgres(dir, user)
    const settings = [
      `port=${port}`,
      'listen_addresses=127.0.0.1',
      `unix_socket_directories=${dir}`,
      'max_connections=200',
    ]
    return {
      command,
      args: ['-D', data, ...settings.flatMap((setting) => ['-c', setting])],
      ready: /ready to accept connections/,
      stopSignal: 'SIGQUIT',
      ...(user ? { user } : {}),
    }
  })

async function configFile(
  name: string,
  { config }: ServerOptions,
  dir: string,
  before: readonly string[] = [],
): Promise<string[]> {
  if (config === undefined) return []
  const file = join(dir, `${name}.conf`)
  await writeFile(file, config, { mode: 0o600 })
  return [...before, file]
}

const args = (options: ServerOptions): readonly string[] => options.args ?? []

const attempts = 3

export async function startServer(kind: string, options: ServerOptions, prepare: Prepare): Promise<RunningServer> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await startOnce(kind, options, prepare)
    } catch (error) {
      // Somebody may have taken the free port meanwhile.
      const taken = error instanceof Error && /in use/i.test(error.message) && options.port === undefined
      if (!taken || attempt === attempts) throw error
    }
  }
}

async function startOnce(kind: string, options: ServerOptions, prepare: Prepare): Promise<RunningServer> {
  const port = options.port ?? (await freePort())
  const dir = options.dir ?? (await mkdtemp(join(tmpdir(), `parley-${kind}-`)))
  const temporary = options.dir === undefined
  try {
    const recipe = await prepare(port, dir)
    if (recipe.user) await chown(dir, recipe.user.uid, recipe.user.gid)
    const { pid, stop, kill } = await startProcess({ ...recipe, dir, temporary })
    return { url: urls[kind]?.(port) ?? '', pid, port, dir, stop, kill }
  } catch (error) {
    if (temporary) await rm(dir, { recursive: true, force: true })
    throw error
  }
}

const urls: Readonly<Record<string, (port: number) => string>> = {
  clamd: (port) => `tcp://127.0.0.1:${port}`,
  pgbouncer: (port) => `postgres://127.0.0.1:${port}`,
  nats: (port) => `nats://127.0.0.1:${port}`,
  sentinel: (port) => `redis-sentinel://127.0.0.1:${port}`,
  redis: (port) => `redis://127.0.0.1:${port}`,
  rediss: (port) => `rediss://127.0.0.1:${port}`,
  postgres: (port) => `postgres://postgres@127.0.0.1:${port}/postgres`,
}
