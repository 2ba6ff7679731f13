import { link, type ServiceName } from '@parley/contracts'
import {
  announce,
  createLogger,
  createMemoryBus,
  createMemoryKv,
  createMetrics,
  newId,
  readConfig,
  startService,
  systemClock,
  type Bus,
  type Kv,
  type Logger,
} from '@parley/kit'
import { createTestIssuer, eventually } from '@parley/kit/testing'
import { gatewayService } from '../service.ts'
import { startUpstream, type Upstream } from './upstream.ts'

export interface Components {
  bus: Bus
  kv: Kv
  close(): Promise<void>
}
export const memoryParts = async (): Promise<Components> => {
  const bus = createMemoryBus()
  const kv = createMemoryKv()
  return {
    bus,
    kv,
    async close() {
      await bus.close(100)
      await kv.close()
    },
  }
}

export interface TestGateway {
  url: string
  upstreams: Record<ServiceName, Upstream>
  issuer: ReturnType<typeof createTestIssuer>
  /** Another instance of a service; resolves when the gateway knows it. */
  add(service: ServiceName): Promise<Upstream & { id: string; withdraw(): Promise<void> }>
  readiness(): Promise<Record<string, boolean>>
  /** How often anything behind the gateway was touched. */
  touches(): number
  metrics(): Promise<string>
  /** The steps of a process on SIGTERM: leaves, lingers, drains. Once. */
  leave(): Promise<void>
  /** Takes down everything. */
  stop(): Promise<void>
}

export interface Around {
  parts?: Components
  /** How long it goes on after it has left the directory. */
  lingerMs?: number
}

const keyTtlMs = 600_000
const linkWithinMs = 15_000
const services = ['auth', 'meetings', 'chat', 'media', 'signaling'] as const

/** A gateway, as it runs, in front of a small servers that say what they saw. */
export async function startGateway(
  env: Record<string, string> = {},
  { parts, lingerMs = 0 }: Around = {},
): Promise<TestGateway> {
  const { bus, kv, close } = parts ?? (await memoryParts())
  const log: Logger = createLogger({ service: 'gateway', level: 'silent' })
  const issuer = createTestIssuer(bus, log)
  const all: Upstream[] = []
  const announced: { withdraw(): Promise<void> }[] = []
  async function add(service: ServiceName) {
    const id = `${service}-${newId().slice(-6)}`
    const upstream = await startUpstream(id)
    all.push(upstream)
    if (service === 'signaling') await kv.set(link.keyOf(id), upstream.node.key, keyTtlMs)
    const lease = announce(kv, { name: service, id, url: upstream.url, log })
    announced.push(lease)
    return Object.assign(upstream, { id, withdraw: () => lease.withdraw() })
  }
  const [auth, meetings, chat, media, signaling] = await Promise.all([
    add('auth'),
    add('meetings'),
    add('chat'),
    add('media'),
    add('signaling'),
  ])
  const upstreams = { auth, meetings, chat, media, signaling }
  const metrics = createMetrics()
  const config = readConfig(gatewayService.config, { PORT: '0', DRAIN_MS: '1000', WEB_DIR: '/nonexistent', ...env })
  const world = { bus, kv, metrics, log, clock: systemClock, instanceId: 'gateway-1' }
  await eventually(async () => {
    for (const name of services)
      if ((await kv.alive(`services:${name}`)).length === 0) throw new Error(`${name} is not announced`)
  })
  const started = await startService(gatewayService, {
    config: config as Readonly<Record<string, unknown>>,
    world,
    lingerMs,
  })
  await eventually(() => {
    if (signaling.node.links.size === 0) throw new Error('the gateway has no link')
  }, linkWithinMs)
  let left: Promise<void> | undefined
  const leave = (): Promise<void> => (left ??= started.stop())
  return {
    url: started.url,
    upstreams,
    issuer,
    async add(service) {
      const added = await add(service)
      // The directory is polled each second.
      await new Promise((resolve) => setTimeout(resolve, 1_200))
      return added
    },
    readiness: () => started.readiness(),
    touches: () => all.reduce((sum, upstream) => sum + upstream.touches(), 0),
    metrics: () => metrics.text(),
    leave,
    async stop() {
      await leave()
      await Promise.all(announced.map((lease) => lease.withdraw()))
      await Promise.all(all.map((upstream) => upstream.kill()))
      await close()
    },
  }
}
