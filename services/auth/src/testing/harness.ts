import { randomInt } from 'node:crypto'
import type { Problem, Tokens } from '@parley/contracts'
import {
  createMetrics,
  newId,
  readConfig,
  startService,
  type Bus,
  type DatabaseHost,
  type Kv,
  type Logger,
} from '@parley/kit'
import { steppingClock, type TestClock } from '@parley/kit/testing'
import { authService } from '../service.ts'
import type { Db, Tables } from '../tables.ts'

/** The servers of a service under test. */
export interface Stage {
  log: Logger
  bus: Bus
  kv: Kv
  database: DatabaseHost
  close(): Promise<void>
}

export interface Reply {
  status: number
  headers: Headers
  /** Values of `Set-Cookie`. */
  cookies: string[]
  text: string
  /** The body read as what the test expects. */
  as<T>(): T
  tokens(): Tokens
  problem(): Problem
}
export interface Ask {
  body?: unknown
  bearer?: string
  headers?: Record<string, string>
}

export interface TestAuth {
  url: string
  clock: TestClock
  stage: Stage
  db: Db
  /** Each call comes from an address of its own unless it names one. So limits by address stay out of the way. */
  call(method: string, path: string, ask?: Ask): Promise<Reply>
  stop(): Promise<void>
}

const testEnv = {
  NODE_ENV: 'test',
  BCRYPT_COST: '5',
  TRUST_PROXY: 'loopback',
  ALLOWED_ORIGINS: 'https://app.example',
  CROSS_SITE_ORIGINS: 'https://far.example',
  DRAIN_MS: '1000',
}

/** Starts the service as a launcher does, and gives a way to call it over HTTP. */
export async function startAuth(
  stage: Stage,
  { env = {}, clock = steppingClock() }: { env?: Record<string, string>; clock?: TestClock } = {},
): Promise<TestAuth> {
  const config = readConfig(authService.config, { ...testEnv, ...env }) as Readonly<Record<string, unknown>>
  const { bus, kv, database, log } = stage
  const world = { bus, kv, database, log, clock, metrics: createMetrics(), instanceId: `test-${newId().slice(-6)}` }
  const { url, stop } = await startService(authService, { config, world })
  return {
    url,
    stop,
    clock,
    stage,
    db: database.schema<Tables>('auth'),
    call: (method, path, ask) => call(url + path, method, ask),
  }
}

async function call(url: string, method: string, { body, bearer, headers = {} }: Ask = {}): Promise<Reply> {
  const response = await fetch(url, {
    method,
    headers: {
      'x-forwarded-for': `10.${randomInt(256)}.${randomInt(256)}.${randomInt(1, 255)}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    signal: AbortSignal.timeout(15_000),
  })
  const text = await response.text()
  const as = <T>(): T => JSON.parse(text) as T
  const { status } = response
  return {
    status,
    headers: response.headers,
    cookies: response.headers.getSetCookie(),
    text,
    as,
    tokens: as,
    problem: as,
  }
}
