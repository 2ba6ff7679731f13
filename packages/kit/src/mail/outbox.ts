import type { Kysely } from 'kysely'
import type { Logger } from '../logger.ts'
import type { Metrics } from '../metrics.ts'
import type { Clock } from '../service.ts'
import { within } from '../within.ts'
import { MailLaterError, MailRefusedError, type Mail, type Mailer } from './mailer.ts'
import { claimMails, dropMail, oldestMail, putOffMail, type OutboxRow, type OutboxTables } from './outbox-store.ts'

export interface MailOutbox {
  start(): void
  /** Looks for due mail at once: to be called after the commit of a `putMail`. */
  kick(): void
  /** Waits a little for the mails that are being sent; what is not done by then is sent again by whoever comes next. */
  stop(): Promise<void>
}

export interface MailOutboxOptions {
  db: Kysely<OutboxTables>
  mailer: Mailer
  /** Makes the mail when its turn has come; null when it is no longer wanted. Rejects with MailLaterError when it is to wait. */
  render(payload: unknown): Promise<Mail | null>
  clock: Clock
  log: Logger
  metrics?: Metrics | undefined
}

const everyMs = 5000
const batch = 8
const sendWithinMs = 20_000
/** Far more than sending may take, whatever the clocks of two replicas say: nobody claims what is still being sent. */
const leaseMs = 120_000
const stopWithinMs = 3000
const giveUpAfterMs = 3 * 24 * 3600_000
const firstWaitMs = 5000
const longestWaitMs = 3600_000

/** Twice as long each time, up to an hour; ± 10 %. `attempt` counts from 1. */
export const waitAfter = (attempt: number): number =>
  Math.min(longestWaitMs, firstWaitMs * 2 ** Math.min(attempt - 1, 20)) * (0.9 + Math.random() * 0.1)

/**
 * Delivers what `putMail` put into the outbox, at least once: a request only waits for its own transaction, never for a
 * mail server. A mail that fails is tried again for three days.
 */
export function createMailOutbox(options: MailOutboxOptions): MailOutbox {
  const { db, clock, log } = options
  const count = countMails(options)
  let timer: NodeJS.Timeout | undefined
  let running: Promise<void> | null = null
  let again = false
  let stopped = true

  async function sendDue(): Promise<void> {
    let claimed: OutboxRow[]
    do {
      again = false
      claimed = await claimMails(db, { now: clock.now(), leaseMs, limit: batch })
      for (const outcome of await Promise.allSettled(claimed.map((row) => deliver(row, options, count))))
        // The database went away: its lease ends, and somebody sends it again.
        if (outcome.status === 'rejected') log.warn({ err: outcome.reason }, 'cannot note what became of a mail')
    } while ((claimed.length === batch || again) && !stopped)
  }
  function run(): void {
    if (stopped) return
    again = true
    clearTimeout(timer)
    running ??= sendDue()
      .catch((error: unknown) => log.warn({ err: error }, 'cannot read the outbox of mails; it will be tried again'))
      .finally(() => {
        running = null
        if (!stopped) timer = setTimeout(run, everyMs * (0.9 + Math.random() * 0.2)).unref()
      })
  }
  return {
    start() {
      stopped = false
      run()
    },
    kick: run,
    async stop() {
      stopped = true
      clearTimeout(timer)
      if (running === null) return
      await within(running, stopWithinMs).catch(() => log.info('stopped while mails were being sent'))
    },
  }
}

type Count = (outcome: 'sent' | 'unwanted' | 'put-off' | 'failed' | 'given-up') => void

/** Mails by what became of them, and how long the oldest waits. */
function countMails({ metrics, db, clock }: MailOutboxOptions): Count {
  const mails = metrics?.counter('parley_mails_total', 'Attempts to send a mail, by outcome', ['outcome'])
  metrics?.readings('parley_mail_lag_seconds', 'Age of the oldest mail that was not sent yet', 'outbox', async () => {
    // While the database is away there is nothing to say; that it is away is another metric.
    const oldest = await oldestMail(db).catch(() => null)
    return oldest === null ? {} : { mail: Math.max(0, clock.now() - (oldest?.getTime() ?? Infinity)) / 1000 }
  })
  return (outcome) => mails?.inc({ outcome })
}

async function deliver(
  row: OutboxRow,
  { db, mailer, render, clock, log }: MailOutboxOptions,
  count: Count,
): Promise<void> {
  try {
    const mail = await render(row.payload)
    if (mail !== null) await within(mailer.send(mail, row.id), sendWithinMs)
    count(mail === null ? 'unwanted' : 'sent')
    await dropMail(db, row)
  } catch (error) {
    const { id, attempts } = row
    const age = clock.now() - row.created_at.getTime()
    if (error instanceof MailRefusedError || age >= giveUpAfterMs) {
      count('given-up')
      log.error({ err: error, id, attempts }, 'gave up on a mail')
      return dropMail(db, row)
    }
    if (error instanceof MailLaterError) {
      count('put-off')
      return putOffMail(db, row, new Date(clock.now() + error.waitMs))
    }
    count('failed')
    const waitMs = waitAfter(attempts)
    log.warn({ err: error, id, attempts, waitMs: Math.round(waitMs) }, 'cannot send a mail; it will be tried again')
    return putOffMail(db, row, new Date(clock.now() + waitMs))
  }
}
