import fastifyCookie from '@fastify/cookie'
import { authOperations } from '@parley/contracts'
import {
  createBackground,
  createHttpServer,
  createKeptAnswers,
  defineService,
  drainHttp,
  serveHealth,
  serveOperations,
  startHttp,
  type Deps,
  type RunningService,
} from '@parley/kit'
import { authConfig, refuseUnsafe, type AuthConfig } from './config.ts'
import { compose, type Components } from './compose.ts'
import { cleanUp } from './housekeeping/housekeeping.ts'
import { migrations } from './migrations/index.ts'
import { tellRename } from './accounts/renames.ts'
import { tellStanding } from './accounts/standings.ts'
import { createErasing } from './privacy/erasing.ts'
import { repeat, type Repeated } from './repeat.ts'
import { routesOf } from './routes.ts'
import { createCookies } from './sessions/cookie.ts'
import { createOriginOf } from './sessions/origin.ts'
import { ping } from './store.ts'
import { answerBus, hearRevocations } from './subscriptions.ts'
import type { Tables } from './tables.ts'
import { version } from './version.ts'

/** Accounts, sessions, signing keys and guests. */
export const authService = defineService({
  name: 'auth',
  config: authConfig,
  database: { schema: 'auth', migrations },
  create: (deps: Deps<AuthConfig, Tables>) => create(deps),
})

const roundMs = 60_000

function create(deps: Deps<AuthConfig, Tables>): RunningService {
  refuseUnsafe(deps.config)
  const { config, log, bus, db } = deps
  const parts = compose(deps)
  const { keyring, keySource, revocations, pool } = parts
  const erasing = createErasing(parts.erasures, log)
  const app = serve(deps, parts, erasing.kick)
  /** To know what holds. It goes on in a drain, for requests that come late. */
  let knowing: { hints: { unsubscribe(): void }; keys: Repeated } | undefined
  let answers: { unsubscribe(): void }[] = []
  let rounds: Repeated[] = []
  const background = createBackground({
    begin() {
      answers = answerBus(bus, { db, keyring, log })
      rounds = [
        repeat(() => tellAll(tellRename, deps), { name: 'telling of new names', everyMs: 5_000, log }),
        repeat(() => tellAll(tellStanding, deps), { name: 'telling of disabled accounts', everyMs: 5_000, log }),
        repeat(() => cleanUp({ ...deps, ...parts.lifetimes }), { name: 'housekeeping', everyMs: roundMs, log }),
      ]
      erasing.start()
      parts.outbox.start()
    },
    async end() {
      for (const answer of answers) answer.unsubscribe()
      await Promise.all([erasing.stop(), parts.outbox.stop(), ...rounds.map((round) => round.stop())])
    },
    log,
  })

  return {
    async start() {
      await keyring.refresh()
      await keySource.start()
      await parts.learnRevocations()
      knowing = {
        hints: hearRevocations(bus, { revocations, log }),
        keys: repeat(keyring.refresh, { name: 'reading the signing keys', everyMs: roundMs, log }),
      }
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
      await drainHttp(app, { deadlineMs: config.DRAIN_MS, log })
      await background.stop()
      knowing?.hints.unsubscribe()
      keySource.stop()
      revocations.stop()
      await knowing?.keys.stop()
      await pool.stop()
    },
    readiness: () => readinessOf(deps),
  }
}

async function tellAll(
  tellOne: (deps: Pick<Deps<AuthConfig, Tables>, 'db' | 'bus'>) => Promise<boolean>,
  deps: Deps<AuthConfig, Tables>,
): Promise<void> {
  while (await tellOne(deps));
}

function serve(deps: Deps<AuthConfig, Tables>, parts: Components, kickErasures: () => void) {
  const { config, db, bus, clock, log, metrics, kv, instanceId } = deps
  const app = createHttpServer({ log, metrics, trustProxy: config.TRUST_PROXY })
  void app.register(fastifyCookie)
  serveHealth(app, {
    service: 'auth',
    version,
    commit: config.PARLEY_COMMIT,
    instanceId,
    readiness: () => readinessOf(deps),
    metrics,
    kv,
  })
  const originOf = createOriginOf({ allowed: config.ALLOWED_ORIGINS, crossSite: config.CROSS_SITE_ORIGINS })
  const handlers = routesOf({
    ...parts,
    db,
    bus,
    kickErasures,
    log,
    originOf,
    cookies: createCookies(originOf),
    publicUrl: config.PUBLIC_URL,
  })
  serveOperations(app, authOperations, handlers, {
    authenticate: parts.authenticate,
    kv,
    kept: createKeptAnswers({ db, clock }),
    checkAnswers: config.NODE_ENV !== 'production',
  })
  return app
}

const readinessOf = async ({ db, bus, kv }: Deps<AuthConfig, Tables>) => ({
  database: await ping(db),
  bus: bus.connected(),
  kv: kv.connected(),
})
