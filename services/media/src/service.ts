import { mediaOperations } from '@parley/contracts'
import {
  createBackground,
  createEdgeAuth,
  createHttpServer,
  createKeptAnswers,
  defineService,
  drainHttp,
  serveHealth,
  serveOperations,
  startHttp,
  type BusSubscription,
  type Deps,
  type RunningService,
} from '@parley/kit'
import { sql } from 'kysely'
import manifest from '../package.json' with { type: 'json' }
import { mediaConfig, type MediaConfig } from './config.ts'
import { createFiles } from './files/files.ts'
import { createHousekeeping } from './housekeeping.ts'
import { migrations } from './migrations/index.ts'
import { mediaHandlers } from './routes.ts'
import { answerPrivacy } from './privacy.ts'
import { createRecordings } from './recordings/service.ts'
import { createSfu } from './sfu/service.ts'
import type { MediaTables } from './tables.ts'

const name = 'media'

/** The media service: files, rooms of the SFU, recordings. */
export const mediaService = defineService({
  name,
  config: mediaConfig,
  database: { schema: 'media', migrations },
  create,
})

async function create(deps: Deps<MediaConfig, MediaTables>): Promise<RunningService> {
  const { config, log, clock, bus, kv, db, metrics, instanceId } = deps
  const auth = createEdgeAuth({ bus, log, clock })
  const sfu = createSfu(deps)
  const app = createHttpServer({ log, metrics, trustProxy: config.TRUST_PROXY })
  const files = await createFiles(deps)
  const recordings = createRecordings({ ...deps, objects: files.objects, links: files.links, sfu })
  const readiness = async () => ({
    database: await succeeds(sql`select 1`.execute(db)),
    bus: bus.connected(),
    auth: auth.ready(),
    storage: await files.objects.reachable(),
    ...(await sfu.readiness()),
  })
  serveHealth(app, {
    service: name,
    version: manifest.version,
    commit: config.PARLEY_COMMIT,
    instanceId,
    readiness,
    metrics,
    kv,
    degrades: true,
  })
  serveOperations(app, mediaOperations, mediaHandlers({ files, sfu, recordings }), {
    authenticate: auth.authenticate,
    kv,
    kept: createKeptAnswers({ db, clock }),
    checkAnswers: config.NODE_ENV !== 'production',
  })
  const housekeeping = createHousekeeping({ db, clock, log })
  let subscriptions: BusSubscription[] = []
  const background = createBackground({
    async begin() {
      void housekeeping.start()
      subscriptions = [...files.start(), ...answerPrivacy({ db, bus, log, dropFiles: files.dropOf })]
      await sfu.work()
      await recordings.start()
    },
    async end() {
      for (const subscription of subscriptions) subscription.unsubscribe()
      housekeeping.stop()
      files.rest()
      // The recordings first: they need the rooms.
      await recordings.stop()
      await sfu.rest()
    },
    log,
  })
  return {
    readiness,
    async start() {
      await auth.start()
      await sfu.start()
      await background.start()
      return startHttp(app, { host: config.HOST, port: config.PORT })
    },
    drain() {
      app.draining = true
      background.rest()
    },
    undrain() {
      background.resume()
      app.draining = false
    },
    async stop() {
      for (const subscription of subscriptions) subscription.unsubscribe()
      await drainHttp(app, { deadlineMs: config.DRAIN_MS, log })
      await background.stop()
      sfu.stop()
      await files.stop()
      auth.stop()
    },
  }
}

const succeeds = (work: Promise<unknown>): Promise<boolean> =>
  work.then(
    () => true,
    () => false,
  )
