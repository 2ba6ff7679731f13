import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, expect, test } from 'vitest'
import { connectNatsBus } from './bus/bus-nats.ts'
import { readConfig } from './config.ts'
import { commonConfig, natsOf, redisOf } from './config-common.ts'
import { connectRedisKv } from './kv/kv-redis.ts'
import { makeCertificates } from './testing/certificates.ts'
import { natsKey, natsOperator } from './testing/nats-operator.ts'
import { startNats, startRedis, type RunningServer } from './testing/servers.ts'
import { silentLog } from './testing/silent-log.ts'
import Type from 'typebox'

const folder = mkdtempSync(join(tmpdir(), 'parley-logins-'))
const file = (name: string): string => join(folder, name)
const tls = makeCertificates()
const log = silentLog()
const running: RunningServer[] = []
afterEach(async () => void (await Promise.all(running.splice(0).map((server) => server.stop()))))
afterAll(() => {
  tls.remove()
  rmSync(folder, { recursive: true, force: true })
})

async function natsWith(settings: string): Promise<RunningServer> {
  const server = await startNats({ config: settings })
  running.push(server)
  return server
}

async function redisWith(...args: string[]): Promise<RunningServer> {
  const server = await startRedis({ args })
  running.push(server)
  return server
}

async function redisOverTls(): Promise<RunningServer> {
  const server = await startRedis({ tls })
  running.push(server)
  return server
}

/** Whether a service with these variables gets an answer over NATS. */
async function asksNats(env: Record<string, string>): Promise<string> {
  const config = readConfig(Type.Object(commonConfig), env)
  const bus = await connectNatsBus({ ...natsOf(config), name: 'test', log })
  try {
    await bus.respond('echo', 'q', async (text) => text).ready()
    return await bus.request('echo', 'yes', 2_000)
  } finally {
    await bus.close(500)
  }
}

async function asksRedis(env: Record<string, string>): Promise<string | null> {
  const config = readConfig(Type.Object(commonConfig), env)
  const kv = await connectRedisKv({ ...redisOf(config), log })
  try {
    await kv.set('a', 'yes', 10_000)
    return await kv.get('a')
  } finally {
    await kv.close()
  }
}

const refused = expect.objectContaining({ name: 'StartupError', message: expect.stringContaining('NATS refuses') })
const unsafe = expect.objectContaining({ name: 'StartupError', message: expect.stringContaining('NATS over TLS') })

test('S38 NATS with user and password, in the URL or beside it', async () => {
  const { port } = await natsWith('authorization { user: "par:ley", password: "p@ss/word" }\n')
  const inUrl = `nats://par%3Aley:p%40ss%2Fword@127.0.0.1:${port}`
  expect(await asksNats({ NATS_URL: inUrl })).toBe('yes')
  const beside = { NATS_URL: `nats://127.0.0.1:${port}`, NATS_USER: 'par:ley' }
  writeFileSync(file('password'), 'p@ss/word\n')
  expect(await asksNats({ ...beside, NATS_PASSWORD_FILE: file('password') })).toBe('yes')
  await expect(asksNats({ ...beside, NATS_PASSWORD: 'wrong' })).rejects.toEqual(refused)
  await expect(asksNats({ NATS_URL: beside.NATS_URL })).rejects.toEqual(refused)
})

test('S38 NATS with a token, in the URL or beside it', async () => {
  const { port } = await natsWith('authorization { token: "t0ken" }\n')
  expect(await asksNats({ NATS_URL: `nats://t0ken@127.0.0.1:${port}` })).toBe('yes')
  expect(await asksNats({ NATS_URL: `nats://127.0.0.1:${port}`, NATS_TOKEN: 't0ken' })).toBe('yes')
  await expect(asksNats({ NATS_URL: `nats://other@127.0.0.1:${port}` })).rejects.toEqual(refused)
})

test('S38 NATS with an nkey, and with a credentials file', async () => {
  const { seed, settings: forKey } = natsKey()
  const byKey = await natsWith(forKey)
  expect(await asksNats({ NATS_URL: byKey.url, NATS_NKEY: seed })).toBe('yes')
  const { settings, credentials } = natsOperator()
  const byFile = await natsWith(settings)
  writeFileSync(file('parley.creds'), credentials)
  expect(await asksNats({ NATS_URL: byFile.url, NATS_CREDENTIALS_FILE: file('parley.creds') })).toBe('yes')
  await expect(asksNats({ NATS_URL: byFile.url })).rejects.toEqual(refused)
})

test('S38 NATS over TLS with an authority of one’s own; a server that it did not sign is refused', async () => {
  const settings = `tls { cert_file: "${tls.cert}", key_file: "${tls.key}" }\n`
  const { port } = await natsWith(settings)
  expect(await asksNats({ NATS_URL: `tls://localhost:${port}`, NATS_CA_FILE: tls.ca })).toBe('yes')
  await expect(asksNats({ NATS_URL: `tls://localhost:${port}` })).rejects.toEqual(unsafe)
  const plain = await natsWith('')
  await expect(asksNats({ NATS_URL: `tls://127.0.0.1:${plain.port}` })).rejects.toEqual(unsafe)
})

test('S38 two ways to log in at once are one sentence', async () => {
  const both = asksNats({ NATS_URL: 'nats://a:b@127.0.0.1:1', NATS_TOKEN: 't' })
  await expect(both).rejects.toThrow('NATS: set one of user and password, token, credentials, nkey; not several')
})

test('S38 Redis with a password, and as a user that reaches one namespace only', async () => {
  const withPassword = await redisWith('--requirepass', 'p@ss')
  expect(await asksRedis({ REDIS_URL: `redis://:p%40ss@127.0.0.1:${withPassword.port}` })).toBe('yes')
  expect(await asksRedis({ REDIS_URL: withPassword.url, REDIS_PASSWORD: 'p@ss' })).toBe('yes')
  const acl = ['user default off', 'user one on >secret ~one:* &* +@all -@dangerous +info']
  writeFileSync(file('users.acl'), `${acl.join('\n')}\n`)
  const withUsers = await redisWith('--aclfile', file('users.acl'))
  const url = `redis://one:secret@127.0.0.1:${withUsers.port}`
  expect(await asksRedis({ REDIS_URL: url, NAMESPACE: 'one' })).toBe('yes')
  const beside = { REDIS_URL: withUsers.url, REDIS_USER: 'one', REDIS_PASSWORD: 'secret' }
  expect(await asksRedis({ ...beside, NAMESPACE: 'one' })).toBe('yes')
  await expect(asksRedis({ ...beside, NAMESPACE: 'two' })).rejects.toThrow(
    'Redis refuses the login of this process, or its keys: NOPERM',
  )
  for (const wrong of [{ ...beside, REDIS_PASSWORD: 'wrong' }, { REDIS_URL: withPassword.url }])
    await expect(asksRedis({ ...wrong, NAMESPACE: 'one' })).rejects.toThrow('Redis refuses the login')
})

test('S38 Redis over TLS with an authority of one’s own', async () => {
  const { url } = await redisOverTls()
  expect(await asksRedis({ REDIS_URL: url, REDIS_CA_FILE: tls.ca })).toBe('yes')
})

test('S38 two namespaces on one NATS and one Redis hear and find nothing of each other', async () => {
  const [nats, redis] = [await natsWith(''), await redisWith()]
  const open = (namespace: string) =>
    Promise.all([
      connectNatsBus({ url: nats.url, namespace, name: 'test', log }),
      connectRedisKv({ url: redis.url, namespace, log }),
    ])
  const [[bus, kv], [otherBus, otherKv]] = [await open('one'), await open('two')]
  const heard: string[] = []
  await bus.subscribe('news.*', (_text, subject) => void heard.push(subject)).ready()
  await otherBus.respond('who', 'q', async () => 'two').ready()
  otherBus.publish('news.a', '')
  expect(await otherBus.request('who', '', 2_000)).toBe('two')
  await expect(bus.request('who', '', 2_000)).rejects.toMatchObject({ code: 'unavailable' })
  bus.publish('news.b', '')
  await otherKv.set('a', 'two', 10_000)
  expect(await kv.get('a')).toBe(null)
  expect(heard).toEqual(['news.b'])
  await Promise.all([bus.close(500), otherBus.close(500), kv.close(), otherKv.close()])
})
