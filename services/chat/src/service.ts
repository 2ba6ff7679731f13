import { chatOperations } from '@parley/contracts'
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
import manifest from '../package.json' with { type: 'json' }
import { createAccessCheck } from './access.ts'
import { createAttachments } from './attachments.ts'
import { createChanger } from './change.ts'
import { createChat } from './chat.ts'
import { chatConfig, type ChatConfig } from './config.ts'
import { createFloodLimit } from './flood.ts'
import { createHousekeeping } from './housekeeping.ts'
import { createChatMetrics } from './metrics.ts'
import { migrations } from './migrations/index.ts'
import { answerPrivacy } from './privacy.ts'
import { chatHandlers } from './routes.ts'
import { ping } from './store.ts'
import { answerChatBus } from './subscriptions.ts'
import type { ChatTables } from './tables.ts'
import { createWriter } from './writer.ts'

const name = 'chat'

/** The chat service: messages of meetings and their numbers. */
export const chatService = defineService({
  name,
  config: chatConfig,
  database: { schema: 'chat', migrations },
  create,
})

function create({
  config,
  log,
  clock,
  bus,
  kv,
  db,
  metrics,
  instanceId,
}: Deps<ChatConfig, ChatTables>): RunningService {
  const auth = createEdgeAuth({ bus, log, clock })
  const chatMetrics = createChatMetrics(metrics)
  const writer = createWriter({ db, bus, log, metrics: chatMetrics })
  const changer = createChanger({ db, bus, log })
  const flood = createFloodLimit({
    kv,
    clock,
    messages: config.CHAT_LIMIT_MESSAGES,
    seconds: config.CHAT_LIMIT_SECONDS,
  })
  const attachments = createAttachments({ db, bus, log })
  const chat = createChat({ db, attachments, writer, changer, flood, metrics: chatMetrics })
  const access = createAccessCheck({ bus, clock })
  metrics.reading('parley_chat_waiting', 'Messages that wait to be stored', writer.waiting)
  metrics.queue('sends', writer.waiting)

  const app = createHttpServer({ log, metrics, trustProxy: config.TRUST_PROXY })
  const readiness = async () => ({ database: await answers(ping(db)), bus: bus.connected(), auth: auth.ready() })
  serveHealth(app, {
    service: name,
    version: manifest.version,
    commit: config.PARLEY_COMMIT,
    instanceId,
    readiness,
    metrics,
    kv,
  })
  serveOperations(app, chatOperations, chatHandlers({ db, chat, access }), {
    authenticate: auth.authenticate,
    kv,
    kept: createKeptAnswers({ db, clock }),
    checkAnswers: config.NODE_ENV !== 'production',
  })

  const housekeeping = createHousekeeping({ db, clock, log, keepDays: config.CHAT_RETENTION_DAYS })
  let subscriptions: BusSubscription[] = []
  const background = createBackground({
    begin() {
      void housekeeping.start()
      attachments.start()
      subscriptions = [...answerChatBus({ bus, chat, access, log }), ...answerPrivacy({ db, bus, log })]
    },
    end() {
      for (const subscription of subscriptions) subscription.unsubscribe()
      housekeeping.stop()
      attachments.stop()
    },
    log,
  })
  return {
    readiness,
    async start() {
      await auth.start()
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
      await background.stop()
      await drainHttp(app, { deadlineMs: config.DRAIN_MS, log })
      await writer.stop()
      auth.stop()
    },
  }
}

const answers = (work: Promise<void>): Promise<boolean> =>
  work.then(
    () => true,
    () => false,
  )
