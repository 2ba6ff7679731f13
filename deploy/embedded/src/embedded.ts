import { hostname } from 'node:os'
import { join } from 'node:path'
import { authService } from '@parley/auth'
import { chatService } from '@parley/chat'
import { gatewayService } from '@parley/gateway'
import {
  createLogger,
  startService,
  startTracing,
  StartupError,
  superviseProcess,
  type Logger,
  type ServiceDefinition,
  type StartedService,
  type Supervisor,
  warnOfMisspelt,
} from '@parley/kit'
import { mediaService } from '@parley/media'
import { meetingsService } from '@parley/meetings'
import { signalingService } from '@parley/signaling'
import { readConfigs, type Configs } from './config.ts'
import { defaultsFor } from './defaults.ts'
import { openFolder } from './folder.ts'
import { startMediaBeside } from './media/beside.ts'
import type { Options } from './options.ts'
import { checkPort, patiently } from './patience.ts'
import { showFirstScreen, waitUntilReady } from './first-screen.ts'
import { seed } from './seed.ts'
import { openWorld, type EmbeddedRuntime } from './world.ts'

/** Every service of the product, in the order in which they start. */
export const definitions = [authService, meetingsService, chatService, mediaService, signalingService, gatewayService]
/** Ending has four steps, each within the drain: the edge, the other services, the shared parts, the servers of media. */
const stopSteps = 4
const portPatienceMs = 2000

/**
 * The whole product in this process, until SIGTERM. Reads the configuration, takes the port and the folder, starts
 * auth, the other services, and the gateway last.
 * @throws ConfigError, StartupError with a sentence for its user
 */
export async function runEmbedded({ env: given, dataDir, demo, withMedia }: Options): Promise<void> {
  const folder = openFolder(dataDir)
  const defaults = defaultsFor(given, folder)
  const paths = { MAIL_DIR: join(folder, 'mail'), OBJECTS_DIR: join(folder, 'objects') }
  const env = { ...paths, ...given, ...defaults.settings }
  const { own } = readConfigs(env, definitions)
  if (demo && own.NODE_ENV === 'production')
    throw new StartupError('--demo makes an account with a public password; production refuses it')
  const tracing = await startTracing({ config: own, service: 'parley', instance: hostname() })
  const loggers = (service: string): Logger => createLogger({ service, level: own.LOG_LEVEL, format: own.LOG_FORMAT })
  const log = loggers('parley')
  warnOfMisspelt(
    given,
    definitions.map(({ config }) => config),
    log,
  )
  await patiently(portPatienceMs, () => checkPort(own.HOST, own.PORT))
  tracing.tell(log)
  const supervisor = superviseProcess({ log, drainMs: own.DRAIN_MS * stopSteps })
  supervisor.onStop(() => tracing.stop())
  const media = withMedia ? await startMediaBeside({ env, dataDir: folder, log }) : undefined
  supervisor.onStop(async () => media?.stop())
  const world = await openWorld({ config: own, dataDir: folder, log, onLost: supervisor.fail }).catch(
    async (error: unknown) => {
      await media?.stop()
      throw error
    },
  )
  supervisor.onStop(() => world.close())
  try {
    const { url } = await startAll(readConfigs({ ...env, ...media?.settings }, definitions), {
      world,
      supervisor,
      loggers,
    })
    await waitUntilReady(url)
    showFirstScreen({
      url,
      dataDir: folder,
      database: own.DATABASE_URL === undefined,
      media: media?.lines,
      notes: defaults.lines,
    })
    if (demo) process.stderr.write(await seed(url))
  } catch (error) {
    supervisor.release()
    await world.close()
    await media?.stop()
    throw error
  }
}

interface EmbeddedComponents {
  world: EmbeddedRuntime
  supervisor: Supervisor
  loggers(service: string): Logger
}

/** Starts every service; the steps that stop them run in the other order: gateway and signaling first, together. */
async function startAll(
  { services }: Configs,
  { world, supervisor, loggers }: EmbeddedComponents,
): Promise<{ url: string }> {
  const start = (definition: ServiceDefinition): Promise<StartedService> => {
    const { name } = definition
    return startService(definition, { config: services.get(name) ?? {}, world: { ...world, log: loggers(name) } })
  }
  const stopTogether = (started: readonly StartedService[]): void =>
    supervisor.onStop(async () => void (await Promise.all(started.map((one) => one.stop()))))
  const auth = await start(authService)
  const durable = await Promise.all([start(meetingsService), start(chatService), start(mediaService)])
  stopTogether([auth, ...durable])
  const signaling = await start(signalingService)
  const gateway = await start(gatewayService)
  // Together: the gateway's pipes end when signaling has told its sockets to go.
  stopTogether([signaling, gateway])
  return { url: gateway.url }
}
