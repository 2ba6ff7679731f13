import type { Context } from '../context.ts'
import { startLoop, type Loop } from '../loop.ts'
import { boxOf } from '../user-events/box.ts'
import { deliveriesOf, readLog } from './from-log.ts'
import {
  changeWebhook,
  giveUpBeyond,
  insertDeliveries,
  takeWithNews,
  takeWithoutAddress,
  wakeWebhook,
} from './store.ts'
import { isDown } from './waits.ts'

const everyMs = 1_000
/** How many events may wait for one endpoint; beyond that the oldest are given up. */
const maxWaiting = 10_000
/** An endpoint that is down is tried with what is new at most this often. */
const downMs = 30_000

/**
 * Makes deliveries of what is new in the logs of accounts, an endpoint at a time and each event once: the place of the endpoint
 * moves in the transaction that makes them. `wakeSender` is called after each.
 */
export const startFanOut = (context: Context, wakeSender: () => void): Loop =>
  startLoop({
    name: 'webhooks from the log',
    everyMs,
    log: context.log,
    async run() {
      const moved = await fanOutOne(context)
      if (moved) wakeSender()
      else await findAddresses(context)
      return moved
    },
  })

/** False when no endpoint has news. */
const fanOutOne = ({ db }: Context): Promise<boolean> =>
  db.transaction().execute(async (trx) => {
    const webhook = await takeWithNews(trx)
    if (webhook === undefined) return false
    const { events, place, more } = await readLog(trx, webhook, { own: webhook.own_seq, mail: webhook.mail_seq })
    // Events of an address, from before it was known as the account's, may be older than the endpoint.
    const since = events.filter(({ box, created_at: at }) => box === webhook.box || at >= webhook.created_at)
    const made = await insertDeliveries(trx, deliveriesOf(webhook, since))
    await changeWebhook(trx, webhook.id, { own_seq: place.own, mail_seq: place.mail, has_news: more })
    if (made.length > 0) {
      await giveUpBeyond(trx, webhook.id, maxWaiting)
      await wakeWebhook(trx, webhook.id, isDown(webhook) ? downMs : 0)
    }
    return true
  })

/** An account may verify its address after it has made an endpoint. */
async function findAddresses({ db, addressOf }: Context): Promise<void> {
  for (const { id, user_id: userId } of await takeWithoutAddress(db, 20)) {
    const email = await addressOf(userId)
    if (email !== null) await changeWebhook(db, id, { mail_box: boxOf({ email }), has_news: true })
  }
}
