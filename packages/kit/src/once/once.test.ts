import type { Kysely } from 'kysely'
import { sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { openDatabase, type DatabaseHost } from '../db/db.ts'
import { migrate } from '../db/migrate.ts'
import { ProblemError } from '../problem.ts'
import { eventually, startPostgres } from '../testing/index.ts'
import { silentLog } from '../testing/silent-log.ts'
import { createKeptAnswersTable, forgetAnswers, mostKept, type KeptTables } from './kept-answers-store.ts'
import { createKeptAnswers, type KeptAnswer } from './once.ts'
import { requestKeyOf, type KeyedRequest } from './request-key.ts'

interface Tables extends KeptTables {
  things: { name: string }
}

const log = silentLog()
const stages = {
  PGlite: async () => ({ host: await openDatabase({}, { log }), stop: async () => {} }),
  async PostgreSQL() {
    const server = await startPostgres()
    return { host: await openDatabase({ url: server.url }, { log }), stop: () => server.stop() }
  },
}
const dayMs = 24 * 3_600_000
const asked: KeyedRequest = {
  key: 'a-key-of-ann',
  userId: 'ann',
  holder: 'ann',
  operation: 'createThing',
  params: {},
  body: { name: 'x', passcode: 'hidden-4711' },
}

describe('X9d request keys', () => {
  test('do not depend on the order of fields; tell bodies, paths, operations, keys and callers apart; tell no secret', () => {
    const key = requestKeyOf(asked)
    expect(requestKeyOf({ ...asked, body: { passcode: 'hidden-4711', name: 'x' } })).toEqual(key)
    const others = [{ body: { name: 'y' } }, { params: { id: '1' } }, { operation: 'dropThing' }]
    for (const other of others) {
      const { id, requestHash } = requestKeyOf({ ...asked, ...other })
      expect([id === key.id, requestHash === key.requestHash]).toEqual([true, false])
    }
    for (const other of [{ key: 'another' }, { userId: 'bob' }, { userId: null }])
      expect(requestKeyOf({ ...asked, ...other }).id).not.toBe(key.id)
    for (const kept of [key.id, key.requestHash])
      for (const part of ['a-key', 'hidden', key.secret.toString('base64url')]) expect(kept).not.toContain(part)
  })
})

describe.each(Object.entries(stages))('answers kept on %s', (_name, open) => {
  let host: DatabaseHost
  let db: Kysely<Tables>
  let close: () => Promise<void>
  let ahead = 0
  const clock = { now: () => Date.now() + ahead }
  const instance = () => createKeptAnswers({ db: db as unknown as Kysely<KeptTables>, clock })
  const things = async () => (await db.selectFrom('things').selectAll().execute()).map(({ name }) => name)
  const rows = () => db.selectFrom('kept_answers').selectAll().execute()
  const answerOf = (secret: string): KeptAnswer => ({
    status: 201,
    headers: { etag: '"1"' },
    cookies: ['a=1'],
    body: { secret },
  })

  beforeAll(async () => {
    const stage = await open()
    host = stage.host
    const up = async (schema: Kysely<unknown>) => {
      await sql`create table things (name text not null)`.execute(schema)
      await createKeptAnswersTable(schema)
    }
    await migrate(host, { schema: 'kept', migrations: { '0001-things': { up } } })
    db = host.schema<Tables>('kept')
    close = stage.stop
  })
  beforeEach(async () => {
    ahead = 0
    await db.deleteFrom('things').execute()
    await db.deleteFrom('kept_answers').execute()
  })
  afterAll(async () => {
    await host.close()
    await close()
  })

  let made = 0
  /** Makes a thing in a transaction of its own; what it answers is another secret each time. */
  const make = (by = instance(), request = asked, fail?: () => void): Promise<KeptAnswer> =>
    by.answer(request, async (once) =>
      once(answerOf).transaction(db, async (trx) => {
        await trx.insertInto('things').values({ name: 'thing' }).execute()
        fail?.()
        return `secret-token-${++made}`
      }),
    )

  test('X9d one key makes one thing; another instance gives the same answer; another request is a conflict', async () => {
    const first = await make()
    expect(first).toMatchObject({ status: 201, headers: { etag: '"1"' }, cookies: ['a=1'] })
    expect(await make()).toEqual(first)
    const other = { ...asked, body: { name: 'y' } }
    await expect(make(instance(), other)).rejects.toMatchObject({ code: 'idempotency-conflict' })
    expect(await make(instance(), { ...asked, userId: 'bob', holder: 'bob' })).not.toEqual(first)
    expect(await things()).toHaveLength(2)
  })

  test('X9d X33 of 20 parallel requests over two instances one makes it, and all get its answer', async () => {
    const both = [instance(), instance()]
    // On a busy machine one of them is told `unavailable`, and asks again.
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, at) => eventually(() => make(both[at % 2]), 15_000)),
    )
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1)
    expect(await things()).toEqual(['thing'])
  })

  test('X33 a failure before the commit leaves neither effect nor key, so the next request succeeds', async () => {
    const crash = () => {
      throw new Error('killed')
    }
    await expect(make(instance(), asked, crash)).rejects.toThrow('killed')
    expect([await things(), await rows()]).toEqual([[], []])
    const refuse = () => {
      throw new ProblemError('wrong-state')
    }
    await expect(make(instance(), asked, refuse)).rejects.toMatchObject({ code: 'wrong-state' })
    await make(instance(), { ...asked, body: { name: 'mended' } })
    expect(await things()).toEqual(['thing'])
  })

  test('X33 a request that its own effect would refuse gets the answer of that effect', async () => {
    const late = instance().answer(asked, async () => {
      await make()
      throw new ProblemError('email-taken')
    })
    expect(await late).toMatchObject({ status: 201 })
    expect(await things()).toEqual(['thing'])
  })

  test('X9d an operation with its own uniqueness begins and answers under a key, also after a crash in between', async () => {
    const send = (begunBefore: boolean[], fail = false) =>
      instance().answer(asked, async (once) =>
        once(answerOf).beside(db as unknown as Kysely<KeptTables>, async (begun) => {
          begunBefore.push(begun)
          if (fail) throw new Error('killed')
          return 'sent'
        }),
      )
    const begun: boolean[] = []
    await expect(send(begun, true)).rejects.toThrow('killed')
    await expect(make(instance(), { ...asked, body: {} })).rejects.toMatchObject({ code: 'idempotency-conflict' })
    const answer = await send(begun)
    expect(await send(begun)).toEqual(answer)
    expect(begun).toEqual([false, true])
  })

  test('S9 a database dump contains neither the key nor the answer', async () => {
    const answer = await make()
    const text = JSON.stringify(await rows())
    const { secret } = answer.body as { secret: string }
    for (const hidden of [asked.key, secret, 'secret', 'hidden-4711', Buffer.from(secret).toString('base64url')])
      expect(text).not.toContain(hidden)
  })

  test('a handler that makes its effect without its key is a fault of ours, not a promise that is not kept', async () => {
    await expect(instance().answer(asked, async () => ({ status: 201 }))).rejects.toThrow('createThing')
  })

  test('an answer is kept for a day, and forgotten then', async () => {
    const first = await make()
    ahead = dayMs - 60_000
    expect(await make()).toEqual(first)
    expect(await forgetAnswers(db as unknown as Kysely<KeptTables>, new Date(clock.now()))).toBe(0)
    ahead = dayMs + 60_000
    expect(await make()).not.toEqual(first)
    expect(await things()).toHaveLength(2)
    ahead = 3 * dayMs
    expect(await forgetAnswers(db as unknown as Kysely<KeptTables>, new Date(clock.now()))).toBe(1)
    expect(await rows()).toEqual([])
  })

  test('of one caller the newest 1,000 answers are kept; others lose none', async () => {
    const bob = { ...asked, userId: 'bob', holder: 'bob' }
    const of = (at: number) => ({ ...asked, key: `key-${at}` })
    await make(instance(), bob)
    const old = Array.from({ length: mostKept + 5 }, (_, at) => ({
      id: `old-${at}`,
      holder: 'ann',
      request_hash: 'h',
      answer: null,
      expires_at: new Date(Date.now() + at),
    }))
    await db.insertInto('kept_answers').values(old).execute()
    const answer = await make(instance(), of(1))
    const kept = await rows()
    expect(kept.filter(({ holder }) => holder === 'ann')).toHaveLength(mostKept)
    expect(kept.map(({ id }) => id)).not.toContain('old-5')
    expect(kept.map(({ id }) => id)).toContain('old-6')
    expect(await make(instance(), of(1))).toEqual(answer)
    await make(instance(), bob)
    expect(await things()).toHaveLength(2)
    // The oldest of too many, run out, and asked for again.
    const before = new Date(Date.now() - dayMs)
    await db
      .updateTable('kept_answers')
      .set({ expires_at: before })
      .where('id', '=', requestKeyOf(of(1)).id)
      .execute()
    await db
      .insertInto('kept_answers')
      .values({ ...(old[0] as (typeof old)[0]), id: 'one-more' })
      .execute()
    expect(await make(instance(), of(1))).not.toEqual(answer)
  })
})
