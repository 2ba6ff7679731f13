import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  eventually,
  makeCertificates,
  natsKey,
  natsOperator,
  startNats,
  startPgbouncer,
  startPostgres,
  startRedis,
  startRedisSentinel,
  type Certificates,
  type RedisWithSentinel,
  type RunningServer,
} from '@parley/kit/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { anAccount, createMeeting } from '../support/accounts.ts'
import { runProgram, startEmbedded, type Embedded } from '../support/product.ts'
import { ProtocolSocket, takeSeat } from '../support/protocol-socket.ts'
import { sql } from '../support/sql.ts'

const patienceMs = 30_000
const role = { user: 'parley', password: 'of-parley' }
let tls: Certificates
let postgres: RunningServer
let pgbouncer: RunningServer
beforeAll(async () => {
  tls = makeCertificates()
  postgres = await startPostgres()
  await sql(postgres.url, `create role ${role.user} login password '${role.password}'`)
  // As docs/operation/postgresql.md says for PgBouncer.
  for (const [name, limit] of [
    ['statement_timeout', '2500ms'],
    ['lock_timeout', '1s'],
    ['idle_in_transaction_session_timeout', '5s'],
  ])
    await sql(postgres.url, `alter role ${role.user} set ${name} = '${limit}'`)
  pgbouncer = await startPgbouncer({ ...role, port: postgres.port, tls })
}, 60_000)
afterAll(async () => {
  await pgbouncer.stop()
  await postgres.stop()
  tls.remove()
}, 30_000)

/** An empty database, and its address through PgBouncer. */
async function aDatabase(name: string): Promise<string> {
  await sql(postgres.url, `create database ${name} owner ${role.user}`)
  return `postgres://${role.user}:${role.password}@127.0.0.1:${pgbouncer.port}/${name}?sslmode=verify-full`
}

/** Two processes on the same servers, each with every service: what one does the other has to hear of. */
async function startTwo(env: Readonly<Record<string, string>>): Promise<readonly Embedded[]> {
  // One of them is stopped if the other does not start.
  const started = await Promise.allSettled([startEmbedded({ env }), startEmbedded({ env })])
  const [one, two] = started
  if (one.status === 'fulfilled' && two.status === 'fulfilled') return [one.value, two.value]
  for (const each of started) if (each.status === 'fulfilled') await each.value.stop()
  throw new Error(started.map((each) => (each.status === 'rejected' ? String(each.reason) : '')).join('\n'))
}

const protocolHolds = async (products: readonly Embedded[]): Promise<void> => {
  const printed = await runProgram('tests/programs/protocol-client.ts', products.map(urlOf))
  expect(printed).toContain('all checks passed')
}

/** The rest of the black-box checks: coming back by a resume, and being removed. */
async function resumeAndRemoval(products: readonly Embedded[]): Promise<void> {
  const [one = '', two = ''] = products.map(urlOf)
  const [ada, ben] = [await anAccount(one, 'Ada'), await anAccount(two, 'Ben')]
  const meeting = await createMeeting(one, ada)
  const [host, guest] = [await takeSeat(one, ada, meeting), await takeSeat(two, ben, meeting)]
  guest.socket.drop()
  const back = await ProtocolSocket.open(one, ben.token)
  const { sessionId, resumeToken } = guest.entered
  expect(await back.outcome('room.resume', { sessionId, resumeToken, v: 0 })).toBe('room.resumed')
  expect(await host.socket.outcome('moderation.remove', { participantId: guest.id, ban: true })).toBe('ack')
  expect((await back.waitForClose()).code).toBe(4403)
  host.socket.drop()
}

const urlOf = ({ gateways: [url = ''] }: Embedded): string => url

describe('S38 PgBouncer, Redis with Sentinels, NATS with an nkey; all over TLS with a CA for each', () => {
  let redis: RedisWithSentinel
  let nats: RunningServer
  let products: readonly Embedded[] = []
  beforeAll(async () => {
    const { settings, seed } = natsKey()
    nats = await startNats({ config: settings + natsTls(tls) })
    redis = await startRedisSentinel({ tls })
    products = await startTwo({
      DATABASE_URL: `${await aDatabase('one')}&sslrootcert=${tls.ca}`,
      REDIS_URL: redis.url,
      REDIS_CA_FILE: tls.ca,
      NATS_URL: `tls://localhost:${nats.port}`,
      NATS_NKEY: seed,
      NATS_CA_FILE: tls.ca,
    })
  }, 120_000)
  afterAll(async () => {
    await Promise.all(products.map((one) => one.stop()))
    await Promise.all([redis.stop(), nats.stop()])
  }, 60_000)

  it('S38 two people meet over two processes, one comes back, one is removed', async () => {
    await protocolHolds(products)
    await resumeAndRemoval(products)
  }, 90_000)

  it('S38 leaves no lock of a migration behind in the pool', async () => {
    const locks = await sql(postgres.url, `select pid from pg_locks where locktype = 'advisory'`)
    expect(locks).toEqual([])
  })

  it('S38 C4 they meet again after the master of Redis died and the replica was promoted', async () => {
    await redis.healReplica()
    redis.master.kill('SIGKILL')
    await eventually(async () => expect(await redis.masterPort()).toBe(redis.replica.port), patienceMs)
    await eventually(() => resumeAndRemoval(products), patienceMs)
    await protocolHolds(products)
  }, 120_000)
})

describe('S38 PgBouncer, Redis with a password, NATS with a credentials file; one private CA for the process', () => {
  let servers: RunningServer[] = []
  let products: readonly Embedded[] = []
  beforeAll(async () => {
    const { settings, credentials } = natsOperator()
    const nats = await startNats({ config: settings + natsTls(tls) })
    const redis = await startRedis({ args: ['--requirepass', role.password], tls })
    servers = [nats, redis]
    const file = join(nats.dir, 'user.creds')
    writeFileSync(file, credentials)
    products = await startTwo({
      DATABASE_URL: await aDatabase('other'),
      REDIS_URL: redis.url,
      REDIS_PASSWORD: role.password,
      NATS_URL: `tls://localhost:${nats.port}`,
      NATS_CREDENTIALS_FILE: file,
      NODE_EXTRA_CA_CERTS: tls.ca,
    })
  }, 120_000)
  afterAll(async () => {
    await Promise.all(products.map((one) => one.stop()))
    await Promise.all(servers.map((server) => server.stop()))
  }, 60_000)

  it('S38 two people meet over two processes, one comes back, one is removed', async () => {
    await protocolHolds(products)
    await resumeAndRemoval(products)
  }, 90_000)
})

const natsTls = ({ cert, key }: Certificates): string => `tls { cert_file: "${cert}", key_file: "${key}" }\n`
