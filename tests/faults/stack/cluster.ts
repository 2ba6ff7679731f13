import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { eventually, freeze, startNats, startPostgres, startRedis, type RunningServer } from '@parley/kit/testing'
import { startStack, type StackFile } from '../../support/product.ts'
import type { ProcessRecord } from '../history/history.ts'
import { createEdge, type Edge } from './edge.ts'
import { createFakeClock, type FakeClock } from './faketime.ts'
import { exitCodeOf, uncaughtIn } from './logs.ts'
import { environmentOf, ProcessTable } from './process-table.ts'
import { root, startLike, type Replica, type ServiceName } from './replicas.ts'
import { sentinelOf, type Sentinel } from './sentinel.ts'
import { mountSmallDisk, type SmallDisk } from './small-disk.ts'

export type ServerName = 'nats' | 'redis' | 'postgres'

/** A Janus of the stack. */
export type JanusProcess = NonNullable<StackFile['janus']>[number]

/** The distributed product under test, and everything that can be done to it. */
export interface Cluster {
  readonly edge: Edge
  readonly table: ProcessTable
  /** That of PostgreSQL alone, when one was asked for; null also where it may not be mounted. */
  readonly disk: SmallDisk | null
  /** That of the replica for which one was asked. */
  readonly clock: FakeClock | null
  /** Those of Redis with a Sentinel, when it was asked for. */
  readonly sentinel: Sentinel | null
  /** Those of one service, or of all but media. */
  replicas(service?: ServiceName): Replica[]
  /** The media servers, with `--janus`. */
  janus(): readonly JanusProcess[]
  /** Sends a signal that ends it; resolves when it is gone, to its exit code (null when a signal ended it). */
  end(replica: Replica, signal: 'SIGKILL' | 'SIGTERM', patienceMs?: number): Promise<number | null>
  /** One more replica with the settings of this one, ready; of this checkout unless told. */
  startLike(replica: Replica, from?: string): Promise<Replica>
  server(name: ServerName): { url: string; pid: number; dir: string }
  /** Ends a server at once. */
  endServer(name: ServerName): Promise<void>
  /** Brings it back on its port: PostgreSQL with its data, the others empty. */
  restartServer(name: ServerName): Promise<void>
  freeze(pid: number): Promise<void>
  thaw(pid: number): void
  records(): ProcessRecord[]
  stop(): Promise<void>
}

export interface ClusterOptions {
  /** More arguments of `npm run stack`. */
  args?: readonly string[]
  env?: Readonly<Record<string, string>>
  /** PostgreSQL gets a disk of its own, of this size in MiB. */
  diskMib?: number
  /** The replica whose clock can be set, such as `signaling-2`. */
  fakeClockOf?: string
  /** The checkout that it runs from; ours unless told. */
  from?: string
}

const standard = ['--gateway', '2', '--signaling', '2', '--chat', '2']
/** The least work for passwords: they are not what is tested. Limits by address would count us as one office. */
const settings = {
  BCRYPT_COST: '4',
  RATE_LIMITS: 'off',
  CHAT_LIMIT_MESSAGES: '0',
  TRUST_PROXY: 'loopback',
  NODE_ENV: 'test',
  LOG_LEVEL: 'info',
}
const services: Readonly<Record<string, ServiceName>> = {
  gateways: 'gateway',
  signaling: 'signaling',
  auth: 'auth',
  meetings: 'meetings',
  chat: 'chat',
  media: 'media',
}
const starters = { nats: startNats, redis: startRedis, postgres: startPostgres } as const

export async function startCluster(options: ClusterOptions = {}): Promise<Cluster> {
  const { args = [], env = {}, diskMib, fakeClockOf, from } = options
  const logs = await mkdtemp(join(tmpdir(), 'parley-faults-'))
  const clock = fakeClockOf === undefined ? null : createFakeClock()
  const onClock = Object.entries(clock?.env ?? {}).flatMap(([name, value]) => [
    '--set',
    `${fakeClockOf}:${name}=${value}`,
  ])
  const disk = diskMib === undefined ? null : await mountSmallDisk(diskMib)
  const onDisk = disk === null ? [] : ['--postgres-dir', disk.dir]
  try {
    const all = [...standard, '--logs', logs, ...onDisk, ...onClock, ...args]
    const product = await startStack(all, { ...settings, ...env }, from)
    return new RunningCluster(product, { logs, disk, clock })
  } catch (error) {
    clock?.remove()
    await disk?.unmount()
    throw error
  }
}

class RunningCluster implements Cluster {
  readonly edge: Edge
  readonly table = new ProcessTable()
  readonly disk: SmallDisk | null
  readonly clock: FakeClock | null
  readonly sentinel: Sentinel | null
  readonly #product: Awaited<ReturnType<typeof startStack>>
  readonly #logs: string
  readonly #servers: Record<ServerName, { url: string; pid: number; dir: string }>
  readonly #own: RunningServer[] = []
  #replicas: Replica[]
  #started = 0

  constructor(
    product: Awaited<ReturnType<typeof startStack>>,
    { logs, disk, clock }: { logs: string; disk: SmallDisk | null; clock: FakeClock | null },
  ) {
    this.#product = product
    this.#logs = logs
    this.disk = disk
    this.clock = clock
    this.sentinel = product.file.sentinel === undefined ? null : sentinelOf(product.file)
    const { nats, redis, postgres } = product.file
    this.#servers = { nats, redis, postgres }
    this.#replicas = replicasOf(product.file)
    for (const one of [...this.#replicas, ...serversOf(this.#servers)]) this.table.watch(one)
    this.table.start()
    this.edge = createEdge(() => this.replicas('gateway').map(({ url }) => url))
  }

  replicas(service?: ServiceName): Replica[] {
    return this.#replicas.filter((one) => (service === undefined ? one.service !== 'media' : one.service === service))
  }

  async end(replica: Replica, signal: 'SIGKILL' | 'SIGTERM', patienceMs = 40_000): Promise<number | null> {
    this.table.expect(replica.pid)
    process.kill(replica.pid, signal)
    if (signal === 'SIGKILL') this.#forget(replica)
    await eventually(() => {
      if (isThere(replica)) throw new Error(`${replica.label} is still there`)
    }, patienceMs)
    this.#forget(replica)
    return replica.child === undefined
      ? eventually(() => exitCodeOf(replica.label, this.#product.output()), 2_000)
      : replica.child.exitCode
  }

  async startLike(replica: Replica, from = root): Promise<Replica> {
    this.#started += 1
    const label = `${replica.service}-new-${this.#started}`
    const started = await startLike(replica, { label, logs: this.#logs, from })
    this.#replicas = [...this.#replicas, started]
    this.table.watch(started)
    return started
  }

  janus(): readonly JanusProcess[] {
    return this.#product.file.janus ?? []
  }

  server(name: ServerName): { url: string; pid: number; dir: string } {
    return this.#servers[name]
  }

  async endServer(name: ServerName): Promise<void> {
    const { pid } = this.#servers[name]
    this.table.expect(pid)
    // As `pg_ctl stop -m immediate` does; a SIGKILL would leave its children behind.
    process.kill(pid, name === 'postgres' ? 'SIGQUIT' : 'SIGKILL')
    await eventually(() => {
      if (isThere({ pid })) throw new Error(`${name} is still there`)
    }, 10_000)
  }

  async restartServer(name: ServerName): Promise<void> {
    const { url, dir } = this.#servers[name]
    const port = Number(new URL(url).port)
    // With the users and passwords that it had.
    const own = name === 'postgres' ? { dir } : { config: await readFile(join(dir, `${name}.conf`), 'utf8') }
    const server = await eventually(() => starters[name]({ port, ...own }), 20_000)
    this.#own.push(server)
    this.#servers[name] = { url, dir, pid: server.pid }
    this.table.watch({ label: name, pid: server.pid })
  }

  freeze = freeze
  thaw(pid: number): void {
    process.kill(pid, 'SIGCONT')
  }

  records(): ProcessRecord[] {
    return this.table.records((label) => uncaughtIn(join(this.#logs, `${label}.log`)))
  }

  async stop(): Promise<void> {
    this.table.stop()
    await this.edge.close()
    for (const { child } of this.#replicas) child?.kill('SIGKILL')
    await this.#product.stop()
    await Promise.all(this.#own.map((server) => server.stop()))
    await this.disk?.unmount()
    this.clock?.remove()
    await rm(this.#logs, { recursive: true, force: true })
  }

  #forget({ pid }: Replica): void {
    this.#replicas = this.#replicas.filter((one) => one.pid !== pid)
  }
}

function replicasOf(file: StackFile): Replica[] {
  return (['gateways', 'signaling', 'auth', 'meetings', 'chat', 'media'] as const).flatMap((key) =>
    file[key].map(({ pid, url }, index) => {
      const service = services[key] ?? 'gateway'
      return { service, label: `${service}-${index + 1}`, pid, url, env: environmentOf(pid) }
    }),
  )
}

const serversOf = (servers: Readonly<Record<ServerName, { pid: number }>>) =>
  (['nats', 'redis', 'postgres'] as const).map((label) => ({ label, pid: servers[label].pid }))

function isThere({ pid, child }: { pid: number; child?: Replica['child'] }): boolean {
  if (child !== undefined) return child.exitCode === null && child.signalCode === null
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
