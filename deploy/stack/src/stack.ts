import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from '@parley/kit'
import type { ServerOptions } from '@parley/kit/testing'
import { untilAnnounced } from './announced.ts'
import { describe, writeDescription } from './description.ts'
import { environmentOf } from './environment.ts'
import { makeDatabaseUsers } from './database-users.ts'
import { createLogins } from './logins.ts'
import { startMediaServers, type MediaServers } from './media-servers.ts'
import type { Options, ServiceName } from './options.ts'
import { createOutput } from './output.ts'
import { pickPort } from './ports.ts'
import { createReplica, type Replica } from './replica.ts'
import { startSentinel, startServer, watchServers, type Server, type ServerName, type Watched } from './server.ts'

export interface Stack {
  /** Resolves when every replica is ready and every gateway knows all of them. */
  start(): Promise<void>
  /** Gateways and signaling first, then the services behind them, then the servers; at most 35 s. */
  stop(): Promise<void>
}

const serverNames = ['postgres', 'redis', 'nats'] as const satisfies readonly ServerName[]
/** Two groups of replicas stop one after the other. */
const replicaPatienceMs = 15_000
const respawnAfterMs = 300

export function createStack(options: Options, { env, log }: { env: NodeJS.ProcessEnv; log: Logger }): Stack {
  const namespace = env['NAMESPACE'] ?? 'parley'
  const logins = createLogins(namespace)
  const servers: Server[] = []
  const replicas: Replica[] = []
  let media: MediaServers | undefined
  let watcher: { stop(): void } | undefined
  let stopping = false
  let ready = false
  /** Where the files are, unless the settings name another place. */
  let objectsDir = ''

  const tellWhere = async (): Promise<void> => {
    if (ready && media) await writeDescription(options.json, describe(replicas, servers, media))
  }
  async function comeBack(what: string, start: () => Promise<void>): Promise<void> {
    while (!stopping) {
      await sleep(respawnAfterMs)
      try {
        if (!stopping) await start()
        log.info({ what }, 'is back')
        return await tellWhere()
      } catch (error) {
        if (!stopping) log.error({ what, err: error }, 'did not come back; trying again')
      }
    }
  }
  function onExit(what: string, how: string, start: () => Promise<void>): void {
    if (stopping) return
    log.warn({ what, how }, options.respawn ? 'is gone; bringing it back' : 'is gone, and stays so without --respawn')
    if (options.respawn && ready) void comeBack(what, start)
  }
  async function startServers(): Promise<Readonly<Record<ServerName, string>>> {
    const start = (name: ServerName): Promise<Server> => {
      const fixed = fixedOf(options, name)
      if (name === 'nats') return startServer(name, { ...fixed, config: logins.nats }, logins.natsUrl)
      if (name === 'postgres') return startDatabase(fixed, logins)
      return options.sentinel ? startSentinel() : startServer(name, { ...fixed, config: logins.redis }, logins.redisUrl)
    }
    const results = await Promise.allSettled(serverNames.map(start))
    for (const result of results) if (result.status === 'fulfilled') servers.push(result.value)
    const failed = results.find((result) => result.status === 'rejected')
    if (failed !== undefined) throw failed.reason
    const serverOf = (name: ServerName): Server | undefined => servers.find((server) => server.name === name)
    const url = (name: ServerName): string => serverOf(name)?.url ?? ''
    // The shared folder of the media replicas goes with NATS, however this process ends.
    media = await startMediaServers(options, { env, dir: serverOf('nats')?.dir ?? '' })
    const watched: Watched[] = [...servers, ...media.janus, ...(media.turn ? [media.turn] : [])]
    watcher = watchServers(watched, (one) => onExit(one.name, `pid ${one.pid}`, () => one.restart()))
    return { postgres: url('postgres'), redis: url('redis'), nats: url('nats') }
  }
  const openRedis = (): string => servers.find(({ name }) => name === 'redis')?.openUrl ?? ''
  async function startReplicas(service: ServiceName, urls: Readonly<Record<ServerName, string>>): Promise<void> {
    const made: Replica[] = []
    for (let number = 1; number <= options.replicas[service]; number += 1) {
      const label = `${service}-${number}`
      const chosen = service === 'gateway' && number === 1 ? options.port : 0
      const replica: Replica = createReplica({
        service,
        label,
        port: chosen === 0 ? await pickPort() : chosen,
        env: {
          ...environmentOf(service, env, urls, objectsDir),
          ...logins.settingsOf(service),
          ...media?.settingsOf(service),
          ...settingsOf(options, service, label),
        },
        output: createOutput(label, options.logs),
        onExit: (how) => onExit(label, how, () => replica.start()),
      })
      made.push(replica)
    }
    if (stopping) return
    replicas.push(...made)
    await Promise.all(made.map((replica) => replica.start()))
  }
  return {
    async start() {
      objectsDir = await mkdtemp(join(tmpdir(), 'parley-objects-'))
      const urls = await startServers()
      // The others ask it for keys; those that do so too early are ready a minute later.
      await startReplicas('auth', urls)
      await Promise.all((['meetings', 'chat', 'media', 'signaling'] as const).map((name) => startReplicas(name, urls)))
      // A gateway reads who is there before it serves: started last, each knows all of them at once.
      await untilAnnounced(replicas, { redis: openRedis(), namespace, log })
      await startReplicas('gateway', urls)
      ready = true
      await tellWhere()
    },
    async stop() {
      stopping = true
      watcher?.stop()
      const isEdge = ({ service }: Replica): boolean => service === 'gateway' || service === 'signaling'
      const stopAll = (some: readonly Replica[]) => Promise.all(some.map((replica) => replica.stop(replicaPatienceMs)))
      await stopAll(replicas.filter(isEdge))
      await stopAll(replicas.filter((replica) => !isEdge(replica)))
      await Promise.all([...servers.map((server) => server.stop()), media?.stop()])
      if (objectsDir !== '') await rm(objectsDir, { recursive: true, force: true })
    },
  }
}

/** PostgreSQL with a role for each service. */
async function startDatabase(fixed: ServerOptions, logins: ReturnType<typeof createLogins>): Promise<Server> {
  const server = await startServer('postgres', fixed, logins.postgresUrl)
  try {
    await makeDatabaseUsers(server, logins.passwordOf)
    return server
  } catch (error) {
    await server.stop()
    throw error
  }
}

const settingsOf = ({ settings }: Options, service: ServiceName, label: string): NodeJS.ProcessEnv =>
  Object.fromEntries(
    settings.filter(({ who }) => who === service || who === label).map(({ name, value }) => [name, value]),
  )

function fixedOf({ serverPorts, postgresDir }: Options, name: ServerName): ServerOptions {
  const port = serverPorts[name]
  return { ...(port !== undefined && { port }), ...(name === 'postgres' && postgresDir && { dir: postgresDir }) }
}
