import { exactlyOne, Id, Nothing, Strict, type Operations } from '@parley/contracts'
import Type from 'typebox'
import { newId } from '../ids.ts'
import { createMetrics } from '../metrics.ts'
import { silentLog } from '../testing/silent-log.ts'
import { serveHealth } from './health.ts'
import { serveOperations, type Handlers } from './operations.ts'
import { createHttpServer, type HttpServer } from './server.ts'

const Thing = Strict({ id: Id, name: Type.String() })
const base = { summary: '', rows: [], problems: [] } as const
const operations = {
  createThing: {
    ...base,
    method: 'POST',
    repeat: 'never',
    path: '/v1/things',
    auth: 'none',
    body: Strict({
      name: Type.String({ minLength: 1, maxLength: 10 }),
      kind: Type.Optional(Type.Union([Type.Literal('a'), Type.Literal('b')])),
      settings: Type.Optional(Strict({ chat: Type.Boolean() })),
    }),
    answers: { 201: Thing },
    sends: { 201: ['location', 'set-cookie'] },
  },
  listThings: {
    ...base,
    method: 'GET',
    path: '/v1/things',
    auth: 'none',
    query: Strict({
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, default: 20 })),
      tag: Type.Optional(Type.Array(Type.String())),
    }),
    headers: Type.Object({ 'if-none-match': Type.Optional(Type.String({ maxLength: 5 })) }),
    answers: { 200: Strict({ limit: Type.Integer(), tags: Type.Integer() }), 304: null },
  },
  readThing: {
    ...base,
    method: 'GET',
    path: '/v1/things/:id',
    auth: 'none',
    params: Strict({ id: Id }),
    answers: { 200: Thing },
  },
  dropThing: {
    ...base,
    method: 'DELETE',
    repeat: 'always',
    path: '/v1/things/:id',
    auth: 'none',
    params: Strict({ id: Id }),
    answers: { 204: null },
  },
  endThing: {
    ...base,
    method: 'POST',
    repeat: 'never',
    path: '/v1/things/:id/end',
    auth: 'none',
    params: Strict({ id: Id }),
    body: Nothing,
    answers: { 204: null },
  },
  pickThing: {
    ...base,
    method: 'POST',
    repeat: 'never',
    path: '/v1/pick',
    auth: 'none',
    body: Strict(
      { code: Type.Optional(Type.String()), token: Type.Optional(Type.String()), note: Type.Optional(Type.Unknown()) },
      exactlyOne('code', 'token'),
    ),
    answers: { 204: null },
  },
  joinThing: {
    ...base,
    method: 'POST',
    repeat: 'never',
    path: '/v1/things/join',
    auth: 'none',
    answers: { 204: null },
  },
  whoAmI: { ...base, method: 'GET', path: '/v1/me', auth: 'user', answers: { 200: Strict({ id: Id }) } },
  limited: {
    ...base,
    method: 'POST',
    repeat: 'never',
    path: '/v1/limited',
    auth: 'none',
    answers: { 204: null },
    limit: { by: 'address', points: 1, seconds: 60 },
  },
} as const satisfies Operations

export const guest = { userId: newId(), sessionId: newId(), kind: 'guest' as const, name: 'G', epoch: 0, expiresAt: 0 }

/** A server with one operation of each kind, for the tests of this folder. */
export function openFixture({
  kind = 'user',
  onCreate,
}: { kind?: 'user' | 'guest'; onCreate?: () => never } = {}): HttpServer {
  let taken = 0
  const limiter = { take: async () => ({ allowed: taken++ === 0, remaining: 0, retryAfterMs: 1500 }) }
  const app = createHttpServer({ log: silentLog(), metrics: createMetrics() })
  serveHealth(app, {
    service: 'test',
    version: '1',
    instanceId: 'i',
    readiness: async () => ({ db: true }),
    metrics: createMetrics(),
    kv: { faults: () => [] },
  })
  const handlers: Handlers<typeof operations> = {
    createThing: ({ body }) => (
      onCreate?.(),
      { status: 201, body: { id: newId(), name: body.name }, headers: { location: '/x' }, cookies: ['a=1', 'b=2'] }
    ),
    listThings: ({ query, headers }) =>
      headers['if-none-match'] === 'x'
        ? { status: 304 }
        : { status: 200, body: { limit: query.limit ?? 0, tags: query.tag?.length ?? 0 } },
    readThing: ({ params }) => ({
      status: 200,
      body: Object.assign({ id: params.id, name: 'n' }, params.id.endsWith('f') ? { extra: 1 } : {}),
    }),
    dropThing: () => ({ status: 204 }),
    endThing: () => ({ status: 204 }),
    joinThing: () => ({ status: 204 }),
    pickThing: () => ({ status: 204 }),
    whoAmI: ({ principal }) => ({ status: 200, body: { id: principal.userId } }),
    limited: () => ({ status: 204 }),
  }
  serveOperations(app, operations, handlers, {
    authenticate: async () => ({ ...guest, kind }),
    kv: { limiter: () => limiter },
    checkAnswers: true,
  })
  return app
}
