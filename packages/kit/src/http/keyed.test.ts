import type { Operations } from '@parley/contracts'
import Type from 'typebox'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openDatabase, type DatabaseHost } from '../db/db.ts'
import { migrate } from '../db/migrate.ts'
import { newId } from '../ids.ts'
import { createMetrics } from '../metrics.ts'
import { createKeptAnswersTable, type KeptTables } from '../once/kept-answers-store.ts'
import { createKeptAnswers } from '../once/once.ts'
import { silentLog } from '../testing/silent-log.ts'
import { serveOperations, type Call, type Handlers } from './operations.ts'
import { createHttpServer, type HttpServer } from './server.ts'
import { guest } from './server.fixture.ts'

const Thing = Type.Object({ id: Type.String() })
const making = {
  summary: '',
  rows: [],
  problems: [],
  method: 'POST',
  repeat: 'key',
  answers: { 201: Thing },
  sends: { 201: ['etag', 'set-cookie'] },
} as const
const operations = {
  make: { ...making, path: '/v1/things', auth: 'any' },
  makeOther: { ...making, path: '/v1/others', auth: 'any' },
  come: { ...making, path: '/v1/guests', auth: 'none' },
} as const satisfies Operations

let host: DatabaseHost
let app: HttpServer
beforeAll(async () => {
  const log = silentLog()
  host = await openDatabase({}, { log })
  await migrate(host, { schema: 'kept', migrations: { '0001-kept': { up: createKeptAnswersTable } } })
  const db = host.schema<KeptTables>('kept')
  const made = (id: string) =>
    ({ status: 201, body: { id }, headers: { etag: `"${id}"` }, cookies: [`id=${id}`] }) as const
  const make = async ({ once }: Pick<Call<typeof operations.make>, 'once'>) =>
    made(await once(made).transaction(db, async () => newId()))
  const handlers: Handlers<typeof operations> = { make, makeOther: make, come: make }
  app = createHttpServer({ log, metrics: createMetrics() })
  const kept = createKeptAnswers({ db, clock: Date })
  serveOperations(app, operations, handlers, { authenticate: async () => guest, kept, checkAnswers: true })
})
afterAll(async () => {
  await app.close()
  await host.close()
})

const post = async (url: string, key?: string) => {
  const answer = await app.inject({ method: 'POST', url, headers: key === undefined ? {} : { 'idempotency-key': key } })
  const { statusCode, headers } = answer
  return { status: statusCode, etag: headers['etag'], cookie: headers['set-cookie'], body: answer.json() }
}

test.each(['/v1/things', '/v1/guests'])('X9d %s answers again with body, headers and cookies', async (url) => {
  const key = newId()
  const first = await post(url, key)
  expect(first).toMatchObject({ status: 201, etag: `"${first.body.id}"` })
  expect(first.cookie).toEqual([`id=${first.body.id}`])
  expect(await post(url, key)).toEqual(first)
  expect((await post(url, newId())).body.id).not.toBe(first.body.id)
  expect((await post(url)).body.id).not.toBe((await post(url)).body.id)
})

test.each([
  ['/v1/things', '', 400],
  ['/v1/things', 'k', 201],
  ['/v1/things', 'k'.repeat(255), 201],
  ['/v1/things', 'k'.repeat(256), 400],
  ['/v1/things', 'with a space', 400],
  ['/v1/things', 'kéy-of-mine', 400],
  // Nobody is signed in: whoever knows the key gets the answer.
  ['/v1/guests', 'k'.repeat(15), 400],
  ['/v1/guests', 'k'.repeat(16), 201],
])('X9d %s with the key "%s" is answered %i', async (url, key, status) => {
  const answer = await post(url, key)
  expect(answer.status).toBe(status)
  if (status === 400) expect(answer.body.errors[0].path).toBe('headers.idempotency-key')
})

test('X9d one key for two routes of one caller is a conflict', async () => {
  const key = newId()
  expect((await post('/v1/things', key)).status).toBe(201)
  const other = await post('/v1/others', key)
  expect([other.status, other.body.code]).toEqual([409, 'idempotency-conflict'])
})
