import { startNats, startPostgres, startRedis, type RunningServer } from '@parley/kit/testing'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { anAccount } from '../support/accounts.ts'
import { anEmail, password, rest } from '../support/people.ts'
import { runProgram, startEmbedded, type Embedded } from '../support/product.ts'
import { sql } from '../support/sql.ts'

const namespaces = ['one', 'two'] as const
let servers: RunningServer[]
let installations: Embedded[]
let databaseOf: (name: string, as: string) => string

/** The servers refuse each installation what is of the other, so that nothing can pass unseen. */
beforeAll(async () => {
  const users = namespaces.map((name) => {
    const all = `[${name}.>]`
    return `{ user: ${name}, password: of-${name}, permissions { publish: ${all}, subscribe: ${all} } }`
  })
  const acl = namespaces.map((name) => `user ${name} on >of-${name} ~${name}:* &* +@all -@dangerous +info`)
  const [nats, redis, postgres] = await Promise.all([
    startNats({ config: `authorization { users: [${users.join(', ')}] }\n` }),
    startRedis({ config: ['user default off', ...acl, ''].join('\n') }),
    startPostgres(),
  ])
  servers = [nats, redis, postgres]
  for (const name of namespaces)
    for (const statement of [
      `create role ${name} login`,
      `create database ${name} owner ${name}`,
      `revoke all on database ${name} from public`,
    ])
      await sql(postgres.url, statement)
  databaseOf = (name, as) => `postgres://${as}@127.0.0.1:${postgres.port}/${name}`
  installations = await Promise.all(
    namespaces.map((name) =>
      startEmbedded({
        env: {
          NAMESPACE: name,
          NATS_URL: `nats://${name}:of-${name}@127.0.0.1:${nats.port}`,
          REDIS_URL: `redis://${name}:of-${name}@127.0.0.1:${redis.port}`,
          DATABASE_URL: databaseOf(name, name),
        },
      }),
    ),
  )
}, 90_000)
afterAll(async () => {
  await Promise.all(installations.map((one) => one.stop()))
  await Promise.all(servers.map((server) => server.stop()))
}, 60_000)

const urlOf = (at: number): string => installations[at]?.gateways[0] ?? ''

it('S38 two installations on one NATS, Redis and PostgreSQL pass the checks of two people at once', async () => {
  const printed = await Promise.all(
    installations.map(({ gateways }) => runProgram('tests/programs/protocol-client.ts', [...gateways])),
  )
  for (const text of printed) expect(text).toContain('all checks passed')
}, 90_000)

it('S38 the role of one does not get into the database of the other', async () => {
  const [one, two] = namespaces
  for (const [name, as] of [
    [one, two],
    [two, one],
  ] as const) {
    expect(await sql(databaseOf(as, as), 'select 1 as n')).toEqual([{ n: 1 }])
    await expect(sql(databaseOf(name, as), 'select 1 as n')).rejects.toThrow(/permission denied for database/)
  }
})

it('S38 neither sees accounts and meetings of the other, nor takes its tokens', async () => {
  const email = anEmail()
  const body = { email, password, name: 'Ada', tokenDelivery: 'body' }
  const made = await rest('POST', `${urlOf(0)}/v1/auth/register`, { body })
  expect(made.status).toBe(201)
  const token = String(made.body['accessToken'])
  const meeting = await rest('POST', `${urlOf(0)}/v1/meetings`, { token, body: { type: 'public' } })
  expect(meeting.status).toBe(201)
  expect((await rest('POST', `${urlOf(1)}/v1/auth/login`, { body: { email, password } })).status).toBe(401)
  expect((await rest('GET', `${urlOf(1)}/v1/auth/me`, { token })).status).toBe(401)
  const stranger = await anAccount(urlOf(1), 'Ben')
  const sought = await rest('GET', `${urlOf(1)}/v1/meetings/${String(meeting.body['id'])}`, { token: stranger.token })
  expect(sought.status).toBe(404)
})
