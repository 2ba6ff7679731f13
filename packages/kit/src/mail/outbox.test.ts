import type { Kysely } from 'kysely'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { openDatabase, type DatabaseHost } from '../db/db.ts'
import { migrate } from '../db/migrate.ts'
import { createLogger } from '../logger.ts'
import { eventually, freePort, startMailServer, startPostgres, steppingClock } from '../testing/index.ts'
import { createMailer, type Mail, type Mailer } from './mailer.ts'
import { createMailOutbox, waitAfter, type MailOutbox } from './outbox.ts'
import { createMailOutboxTable, putMail, type OutboxTables } from './outbox-store.ts'

const log = createLogger({ service: 'outbox-test', level: 'silent' })
const from = 'Parley <no-reply@meet.example>'
const render = async (payload: unknown): Promise<Mail> => payload as Mail
const mailTo = (to: string): Mail => ({ to, subject: 'S', text: 'T' })
const hourMs = 3600_000

const stages = {
  PGlite: async () => ({ host: await openDatabase({}, { log }), stop: async () => {} }),
  async PostgreSQL() {
    const server = await startPostgres()
    return { host: await openDatabase({ url: server.url }, { log }), stop: () => server.stop() }
  },
}

describe.each(Object.entries(stages))('the outbox of mails on %s', (_name, open) => {
  let host: DatabaseHost
  let db: Kysely<OutboxTables>
  let close: () => Promise<void>
  const clock = steppingClock()
  const started: MailOutbox[] = []
  const start = (mailer: Mailer): MailOutbox => {
    const outbox = createMailOutbox({ db, mailer, render, clock, log })
    outbox.start()
    started.push(outbox)
    return outbox
  }
  const put = (to: string) => db.transaction().execute((trx) => putMail(trx, mailTo(to), clock.now()))
  const left = () => db.selectFrom('mail_outbox').selectAll().execute()

  beforeAll(async () => {
    const stage = await open()
    host = stage.host
    const migrations = { '0001-mail': { up: createMailOutboxTable } }
    await migrate(host, { schema: 'post', migrations })
    db = host.schema<OutboxTables>('post')
    close = stage.stop
  })
  afterEach(async () => {
    await Promise.all(started.splice(0).map((outbox) => outbox.stop()))
    await db.deleteFrom('mail_outbox').execute()
  })
  afterAll(async () => {
    await host.close()
    await close()
  })

  test('A11 mail of a failed transaction is never sent; other mail is sent at once', async () => {
    const server = await startMailServer()
    const outbox = start(createMailer({ url: server.url, from, log }))
    const failing = db.transaction().execute(async (trx) => {
      await putMail(trx, mailTo('nobody@example.org'), clock.now())
      throw new Error('no')
    })
    await expect(failing).rejects.toThrow('no')
    await put('ada@example.org')
    outbox.kick()
    await eventually(() => expect(server.mails).toMatchObject([{ recipients: ['ada@example.org'] }]), 2000)
    await eventually(async () => expect(await left()).toEqual([]))
    await server.stop()
  })

  test('A11 while the server is down mails wait, also over a restart, and then arrive once', async () => {
    const port = await freePort()
    const mailer = createMailer({ url: `smtp://127.0.0.1:${port}`, from, log })
    const first = start(mailer)
    await put('ada@example.org')
    first.kick()
    await eventually(async () => expect(await left()).toMatchObject([{ attempts: 1 }]))
    await first.stop()
    const server = await startMailServer({ port })
    clock.advance(6000)
    start(mailer)
    await eventually(() => expect(server.mails).toHaveLength(1), 3000)
    await eventually(async () => expect(await left()).toEqual([]))
    await server.stop()
  })

  test('A11 a replica that died while sending delays its mails, no more', async () => {
    const hangs = createMailOutbox({ db, mailer: { send: () => new Promise(() => {}) }, render, clock, log })
    hangs.start()
    await put('ada@example.org')
    hangs.kick()
    await eventually(async () => expect(await left()).toMatchObject([{ attempts: 1 }]))
    const sent: string[] = []
    const other = start({ send: async ({ to }) => void sent.push(to) })
    other.kick()
    await new Promise((resolve) => setTimeout(resolve, 200))
    expect(sent).toEqual([])
    clock.advance(121_000)
    other.kick()
    await eventually(() => expect(sent).toEqual(['ada@example.org']), 2000)
    const since = Date.now()
    await hangs.stop()
    expect(Date.now() - since).toBeLessThan(4000)
  })

  test('A11 three replicas send each of 60 mails once', async () => {
    const sent: string[] = []
    const outboxes = [1, 2, 3].map(() => start({ send: async ({ to }) => void sent.push(to) }))
    const addresses = Array.from({ length: 60 }, (_, index) => `user-${index}@example.org`)
    await Promise.all(addresses.map(put))
    for (const outbox of outboxes) outbox.kick()
    await eventually(async () => expect(await left()).toEqual([]), 3000)
    expect(sent.sort()).toEqual(addresses.sort())
  })

  test('A11 one mail that fails holds up no other, and is given up after three days', async () => {
    const sent: string[] = []
    const outbox = start({
      async send({ to }) {
        if (to.startsWith('bad')) throw new Error('not now')
        sent.push(to)
      },
    })
    await put('bad@example.org')
    await put('good@example.org')
    outbox.kick()
    await eventually(() => expect(sent).toEqual(['good@example.org']), 2000)
    for (let attempts = 1; attempts < 4; attempts += 1) {
      await eventually(async () => expect(await left()).toMatchObject([{ attempts }]))
      clock.advance(hourMs)
      outbox.kick()
    }
    clock.advance(72 * hourMs)
    outbox.kick()
    await eventually(async () => expect(await left()).toEqual([]))
    expect(sent).toEqual(['good@example.org'])
  })
})

test('A11 a mail is tried after 5 s, then each time after twice as long, at most an hour', () => {
  const waits = [1, 2, 3, 9, 30, 1000].map((attempt) => waitAfter(attempt))
  const longest = [5000, 10_000, 20_000, 1_280_000, hourMs, hourMs]
  for (const [index, most] of longest.entries()) {
    expect(waits[index]).toBeLessThanOrEqual(most)
    expect(waits[index]).toBeGreaterThanOrEqual(most * 0.9)
  }
})
