import { setTimeout as sleep } from 'node:timers/promises'
import Type, { type Static } from 'typebox'
import {
  commonConfig,
  createHttpServer,
  drainHttp,
  defineService,
  runService,
  serveHealth,
  startHttp,
  type Deps,
} from './index.ts'

const schema = Type.Object({ ...commonConfig, MODE: Type.String({ default: 'ok' }) })
interface Tables {
  note: { text: string }
}

/** A service as small as one can be, for run.test.ts. */
const definition = defineService({
  name: 'fixture',
  config: schema,
  database: {
    schema: 'fixture',
    migrations: { '001-note': { up: (db) => db.schema.createTable('note').addColumn('text', 'text').execute() } },
  },
  create({ config, db, bus, kv, log, metrics, instanceId }: Deps<Static<typeof schema>, Tables>) {
    const app = createHttpServer({ log, metrics })
    const readiness = async () => ({ bus: bus.connected(), kv: kv.connected() })
    serveHealth(app, { service: 'fixture', version: '0', instanceId, readiness, metrics, kv })
    app.get('/slow', async () => sleep(700, { notes: (await db.selectFrom('note').selectAll().execute()).length }))
    app.get('/crash', async () => void setTimeout(() => void Promise.reject(new Error('boom')), 10))
    return {
      start: () => startHttp(app, { host: config.HOST, port: config.PORT }),
      stop: () => (config.MODE === 'stuck' ? sleep(60_000) : drainHttp(app, { deadlineMs: config.DRAIN_MS, log })),
      readiness,
    }
  },
})

await runService(definition, { env: process.env, argv: process.argv.slice(2) })
