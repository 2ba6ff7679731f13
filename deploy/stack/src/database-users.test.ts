import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { authService } from '@parley/auth'
import { chatService } from '@parley/chat'
import { createLogger, migrate, openDatabase } from '@parley/kit'
import { findBinary } from '@parley/kit/testing'
import { mediaService } from '@parley/media'
import { meetingsService } from '@parley/meetings'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { durable, makeDatabaseUsers, roleOf } from './database-users.ts'
import { startServer, type Server } from './server.ts'

const definitions = { auth: authService, meetings: meetingsService, chat: chatService, media: mediaService }
const passwordOf = (user: string): string => `of-${user}`
let server: Server
beforeAll(async () => {
  server = await startServer('postgres')
})
afterAll(() => server.stop())

const urlAs = (user: string, password = passwordOf(user)): string =>
  server.url.replace('postgres@', `${user}:${password}@`)
/** The first column of the answer, or what the server said. */
async function ask(url: string, statement: string): Promise<string> {
  const args = ['-X', '-q', '-t', '-A', '-w', '-c', statement, url]
  return promisify(execFile)(findBinary('psql', 'postgresql'), args).then(
    ({ stdout }) => stdout.trim(),
    (error: { stderr: string }) => error.stderr.trim(),
  )
}
async function migrateAs(service: (typeof durable)[number], url: string): Promise<void> {
  const { database } = definitions[service]
  if (database === undefined) throw new Error(`${service} keeps nothing`)
  const host = await openDatabase({ url }, { log: createLogger({ service: 'test', level: 'silent' }) })
  try {
    await migrate(host, database)
  } finally {
    await host.close()
  }
}

it('S38 a role for each service migrates and uses its own schema, and no other', async () => {
  // As an installation was before: chat was migrated with the role that all had.
  await migrateAs('chat', server.url)
  await makeDatabaseUsers(server, passwordOf)
  for (const service of durable) await migrateAs(service, urlAs(roleOf(service)))
  // Again, as after a restore.
  await makeDatabaseUsers(server, passwordOf)
  const tables = { auth: 'users', meetings: 'meetings', chat: 'messages', media: 'files' }
  for (const service of durable) {
    const url = urlAs(roleOf(service))
    for (const [schema, table] of Object.entries(tables)) {
      const said = await ask(url, `select count(*) from ${schema}.${table}`)
      expect(said).toMatch(schema === service ? /^0$/ : /permission denied for schema/)
      expect(await ask(url, `create table ${schema}.mine (n int)`)).toMatch(
        schema === service ? /^$/ : /permission denied for schema/,
      )
    }
    expect(await ask(url, 'create table public.mine (n int)')).toMatch(/permission denied/)
    expect(await ask(url, `create schema ${service}_two`)).toMatch(/permission denied/)
    expect(await ask(url, 'create role eve superuser')).toMatch(/must be superuser/)
    expect(await ask(url, `set role ${roleOf(service === 'chat' ? 'auth' : 'chat')}`)).toMatch(/permission denied/)
  }
}, 60_000)

it('S38 nobody gets in without the password, also after a restart', async () => {
  const inside = async () => {
    expect(await ask(urlAs('postgres'), 'select 1')).toBe('1')
    for (const user of ['postgres', ...durable.map(roleOf)]) {
      expect(await ask(urlAs(user, 'guessed'), 'select 1')).toMatch(/password authentication failed/)
      expect(await ask(server.url.replace('postgres@', `${user}@`), 'select 1')).toMatch(/no password supplied/)
    }
  }
  await inside()
  process.kill(server.pid, 'SIGQUIT')
  await server.restart()
  await inside()
}, 60_000)
