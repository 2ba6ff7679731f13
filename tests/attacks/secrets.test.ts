import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { eventually, freePort } from '@parley/kit/testing'
import type { Meeting } from '@parley/contracts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { clientId, clientSecret, startIssuer, type Issuer } from '../support/issuer.ts'
import { rest } from '../support/people.ts'
import { startStack, type Product, type StackFile } from '../support/product.ts'
import { sql } from '../support/sql.ts'
import { useEverything, type Secrets } from '../support/whole-flow.ts'

const run = promisify(execFile)

/** A secret as it is, and as it may be written in a dump, a log or an address. */
const writings = (secret: string): string[] => [
  secret,
  Buffer.from(secret).toString('hex'),
  Buffer.from(secret).toString('base64').replace(/=+$/, ''),
  Buffer.from(secret).toString('base64url'),
  encodeURIComponent(secret),
]
const found = (secrets: Secrets, text: string): string[] =>
  [...secrets].filter(([, secret]) => writings(secret).some((one) => text.includes(one))).map(([what]) => what)

describe('secrets of a whole use of the distributed product', () => {
  let product: Product & { file: StackFile }
  let issuer: Issuer
  let folder: string
  let secrets: Secrets
  let meeting: Meeting
  let token: string
  let url: string
  const logs = async (): Promise<string> => {
    const files = await readdir(join(folder, 'logs'))
    return (await Promise.all(files.map((file) => readFile(join(folder, 'logs', file), 'utf8')))).join('\n')
  }
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'parley-secrets-'))
    await mkdir(join(folder, 'mail'))
    const port = await freePort()
    issuer = await startIssuer(`http://127.0.0.1:${port}/v1/auth/oauth/google/callback`)
    const args = [
      '--gateway',
      '1',
      '--signaling',
      '1',
      '--chat',
      '1',
      '--port',
      String(port),
      '--logs',
      join(folder, 'logs'),
    ]
    product = await startStack(args, {
      LOG_LEVEL: 'trace',
      LOG_FORMAT: 'json',
      MAIL_DIR: join(folder, 'mail'),
      OIDC_ISSUER: issuer.url,
      OIDC_CLIENT_ID: clientId,
      OIDC_CLIENT_SECRET: clientSecret,
    })
    url = product.gateways[0] ?? ''
    const used = await useEverything(url, join(folder, 'mail'))
    ;({ secrets, meeting } = used)
    token = used.host.token
    secrets.set('client secret', clientSecret)
  }, 120_000)
  afterAll(async () => {
    await Promise.all([product.stop(), issuer.stop()])
    await rm(folder, { recursive: true, force: true })
  }, 60_000)

  it('S9 no token, password or passcode is in a dump of the database', async () => {
    const { stdout } = await run('pg_dump', ['--inserts', product.file.postgres.url], { maxBuffer: 256 * 1024 * 1024 })
    for (const known of [
      meeting.id,
      meeting.code,
      'auth.refresh_tokens',
      'meetings.room_tokens',
      'meetings.join_tokens',
      'meetings.kept_answers',
      'auth.kept_answers',
    ])
      expect(stdout).toContain(known)
    expect(found(secrets, stdout)).toEqual([])
  })

  it('S13 none of them, and no SDP secret, is in a log at the level trace', async () => {
    const text = await logs()
    for (const service of ['auth', 'meetings', 'chat', 'signaling', 'gateway'])
      expect(text).toContain(`"service":"${service}"`)
    expect(text).toContain('/v1/auth/login')
    expect([...secrets.keys()]).toEqual(
      expect.arrayContaining(['refresh cookie', 'reset token', 'passcode', 'SDP secret']),
    )
    process.stdout.write(`${secrets.size} secrets, ${Math.round(text.length / 1024)} KiB of logs\n`)
    expect(found(secrets, text + product.output())).toEqual([])
  })

  it('X36 each table and key of a product in use is on the page of shared things, and a key has an end', async () => {
    const page = await readFile(join(import.meta.dirname, '../../docs/spec/shared-things.md'), 'utf8')
    const cells = (section: string, column: number): string[] => {
      const [text = ''] = (page.split(`\n## ${section}\n`)[1] ?? '').split('\n## ')
      const lines = text.split('\n').filter((line) => line.startsWith('|'))
      return lines.flatMap((line) =>
        [...(line.split('|')[column] ?? '').matchAll(/`([^`]+)`/g)].map(([, name = '']) => name),
      )
    }
    const { postgres, redis } = product.file
    const tables = await sql<{ name: string }>(
      postgres.url,
      `select distinct table_name as name from information_schema.tables
        where table_schema not in ('pg_catalog', 'information_schema')`,
    )
    expect(tables.map(({ name }) => name).sort()).toEqual([...new Set(cells('Tables', 1))].sort())

    const redisCli = async (...args: string[]) =>
      (await run('redis-cli', ['-u', redis.url, '--no-auth-warning', ...args])).stdout
    const keys = (await redisCli('--scan')).trim().split('\n')
    const limits = cells('Limits in time', 1)
    const prefixes = cells('Keys', 1).filter((prefix) => prefix !== 'limit:')
    const patterns = [...prefixes, ...limits.map((name) => `limit:${name}`)].map(
      (prefix) => new RegExp(`^parley:${prefix.replace(/[{}]/g, '\\$&').replace('*', '[^:]+')}`),
    )
    expect(keys.length).toBeGreaterThan(20)
    expect(keys.filter((key) => !patterns.some((pattern) => pattern.test(key)))).toEqual([])
    const kept = /^parley:(\{[^:]+:facts|incarnation|set:)/
    const endless = `local found = {}
      for _, key in ipairs(redis.call('keys', 'parley:*')) do
        if redis.call('pttl', key) == -1 then table.insert(found, key) end
      end
      return found`
    const lasting = (await redisCli('eval', endless, '0')).split('\n').filter((key) => key !== '' && !kept.test(key))
    expect(lasting).toEqual([])
  })

  it('S30 S13 an internal error tells the client nothing, and puts no secret in the log', async () => {
    const { postgres } = product.file
    for (const table of ['auth.users', 'auth.sessions', 'meetings.meetings', 'chat.messages'])
      await sql(postgres.url, `alter table ${table} rename to "gone_${table.split('.')[1]}"`)
    const password = secrets.get('password') ?? ''
    const joinToken = secrets.get('join token')
    const calls = [
      ['POST', '/v1/auth/login', { email: 'a@b.example', password }],
      ['POST', '/v1/auth/register', { email: 'c@d.example', password, name: 'Ada' }],
      ['POST', '/v1/auth/refresh', { refreshToken: secrets.get('refresh token of the refresh') }],
      ['GET', '/v1/auth/me', undefined],
      ['POST', '/v1/meetings', { title: 'Another', passcode: secrets.get('passcode') }],
      ['GET', '/v1/meetings', undefined],
      ['GET', `/v1/meetings/${meeting.id}`, undefined],
      ['POST', '/v1/meetings/join', { joinToken }],
      ['POST', `/v1/meetings/${meeting.id}/messages`, { clientMessageId: 'message-3', text: 'hello' }],
      ['GET', `/v1/meetings/${meeting.id}/messages`, undefined],
    ] as const
    const failed: string[] = []
    for (const [method, path, body] of calls) {
      const answer = await rest(method, url + path, { token, body })
      const told = JSON.stringify(answer.body)
      if (answer.status === 500) failed.push(`${method} ${path}`)
      expect([path, answer.status >= 500]).toEqual([path, true])
      expect(Object.keys(answer.body).filter((name) => !problemFields.has(name))).toEqual([])
      expect(told).not.toMatch(
        /relation|select |insert |postgres|kysely|nats|redis|127\.0\.0\.1|node_modules|\.ts|\bat \w+|v\d+\.\d+\.\d+/i,
      )
      expect([answer.headers.get('server'), answer.headers.get('x-powered-by')]).toEqual([null, null])
    }
    expect(failed.length).toBeGreaterThan(5)
    // The operator does learn why.
    await eventually(async () => expect(await logs()).toMatch(/relation \\"[^"]*\\" does not exist/), 5_000)
    expect(found(secrets, await logs())).toEqual([])
  })
})

/** Of RFC 9457 and ours. */
const problemFields = new Set([
  'type',
  'title',
  'status',
  'detail',
  'code',
  'requestId',
  'retryable',
  'retryAfterMs',
  'errors',
])
