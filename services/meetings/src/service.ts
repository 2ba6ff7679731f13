import { signalingBus } from '@parley/contracts'
import {
  createBackground,
  createBatched,
  createEdgeAuth,
  createHttpServer,
  createKeptAnswers,
  defineService,
  drainHttp,
  serveHealth,
  startHttp,
  publish,
} from '@parley/kit'
import type { BusSubscription, Deps, FactConsumer, MailOutbox, RunningService } from '@parley/kit'
import manifest from '../package.json' with { type: 'json' }
import { meetingsConfig, type MeetingsConfig } from './config.ts'
import { createKeyedQueues } from './changing.ts'
import type { Context } from './context.ts'
import { consumeFacts } from './facts.ts'
import { createAddressBook } from './invites/address-book.ts'
import { startInviteMails } from './invites/mail.ts'
import type { Loop } from './loop.ts'
import { migrations } from './migrations/index.ts'
import { createGoodbyes } from './moderation/goodbyes.ts'
import { createNames } from './names.ts'
import { startRelay } from './relay.ts'
import { followNames } from './renamed.ts'
import { startRoomLooks } from './rooms.ts'
import { serveRoutes } from './serve.ts'
import { ping } from './store/sweep.ts'
import { answerBus } from './subscriptions.ts'
import { startSweeper } from './sweeper.ts'
import type { Tables } from './tables.ts'
import { noteRequests } from './timeline/from-requests.ts'
import { keepNotes, type Note } from './timeline/store.ts'
import { startTeller } from './user-events/teller.ts'
import { startWebhooks } from './webhooks/webhooks.ts'

type MeetingsDeps = Deps<MeetingsConfig, Tables>

/** The durable truth of meetings: what they are, who may enter, who was there. */
export const meetingsService = defineService({
  name: 'meetings',
  config: meetingsConfig,
  database: { schema: 'meetings', migrations },
  create,
})

/** The workers besides the HTTP server, in the order they are stopped. */
interface Work {
  answers: BusSubscription[]
  facts: FactConsumer
  sweeper: Loop
  looks: Loop
  relay: Loop
  mails: MailOutbox
  teller: Loop
  webhooks: Loop
}

function create(deps: MeetingsDeps): RunningService {
  const { config, log, clock, bus, kv, db, metrics, instanceId } = deps
  let work: Work | undefined
  const notes = createBatched<Note>({ what: 'timeline', send: (batch) => keepNotes(db, batch), log })
  metrics.queue('timeline', notes.waiting)
  const context: Context = {
    config,
    db,
    queues: createKeyedQueues(),
    kv,
    bus,
    clock,
    log,
    wakeRelay: () => work?.relay.wake(),
    note: (one) => notes.add(one),
    wakeMail: () => work?.mails.kick(),
    wakeTeller: () => work?.teller.wake(),
    wakeWebhooks: () => work?.webhooks.wake(),
    addressOf: createAddressBook({ bus, clock, log }),
    names: createNames({ bus, clock, log }),
    tellLobby: (meetingId, lv) => publish(bus, signalingBus.roomLobby, { meetingId }, { kind: 'lobby', lv }),
  }
  const edge = createEdgeAuth({ bus, log, clock })
  const readiness = async (): Promise<Record<string, boolean>> => ({
    database: await ping(db).catch(() => false),
    bus: bus.connected(),
    kv: kv.connected(),
    auth: edge.ready(),
  })
  const app = createHttpServer({ log, metrics, trustProxy: config.TRUST_PROXY })
  serveHealth(app, {
    service: 'meetings',
    version: manifest.version,
    commit: config.PARLEY_COMMIT,
    instanceId,
    readiness,
    metrics,
    kv,
  })
  const checkAnswers = config.NODE_ENV !== 'production'
  const kept = createKeptAnswers({ db, clock })
  noteRequests(app, clock, (one) => notes.add(one))
  const goodbyes = createGoodbyes({ bus, log })
  serveRoutes(app, context, goodbyes, { authenticate: edge.authenticate, kv, kept, checkAnswers })
  const background = createBackground({
    begin() {
      work = startWork(deps, context)
    },
    async end() {
      const ending = work
      work = undefined
      if (ending !== undefined) await stopWork(ending)
    },
    log,
  })
  return {
    readiness,
    async start() {
      await edge.start()
      await background.start()
      notes.start()
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
      goodbyes.stop()
      await notes.stop()
      await background.stop()
      edge.stop()
    },
  }
}

const startWork = ({ bus, db, clock, log, metrics, instanceId }: MeetingsDeps, context: Context): Work => ({
  answers: [...answerBus(context, bus), followNames(context)],
  facts: consumeFacts(context, instanceId),
  sweeper: startSweeper(context),
  looks: startRoomLooks(context),
  relay: startRelay({ db, bus, clock, log, metrics }),
  mails: startInviteMails(context, metrics),
  teller: startTeller(context),
  webhooks: startWebhooks(context),
})

async function stopWork({ answers, facts, sweeper, looks, relay, mails, teller, webhooks }: Work): Promise<void> {
  for (const subscription of answers) subscription.unsubscribe()
  await Promise.all([facts.stop(), sweeper.stop(), looks.stop()])
  await Promise.all([relay.stop(), mails.stop(), teller.stop(), webhooks.stop()])
}
