import { chmodSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import type { OperationAnswer } from '@parley/contracts'
import { createLogger, openDatabase } from '@parley/kit'
import { freePort } from '@parley/kit/testing'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { aFolder, run } from './process.fixture.ts'
import { demoAccount } from './seed.ts'

const folders: string[] = []
const folder = (): string => {
  const made = aFolder()
  folders.push(made)
  return made
}
const running: ReturnType<typeof run>[] = []
const start = (...args: Parameters<typeof run>): ReturnType<typeof run> => {
  const started = run(...args)
  running.push(started)
  return started
}
afterEach(async () => {
  for (const { child } of running) child.kill('SIGKILL')
  await Promise.all(running.splice(0).map(({ exit }) => exit))
})
afterAll(() => folders.forEach((one) => rmSync(one, { recursive: true, force: true })))

/** The message of a start that cannot be: one sentence, and code 1. */
async function refusal(args: readonly string[], options: Parameters<typeof run>[1] = {}): Promise<string> {
  const { exit, stderr } = start(args, { ...options, env: { LOG_FORMAT: 'pretty', ...options?.env } })
  expect(await exit).toBe(1)
  expect(stderr()).not.toMatch(/^ +at /m)
  return stderr()
}

describe('a start that cannot be is one clear sentence and exit code 1', () => {
  it('port taken', async () => {
    const port = await freePort()
    const server = createServer().listen(port, '127.0.0.1')
    expect(await refusal(['--port', String(port), '--data-dir', folder()])).toBe(
      `Parley cannot start: port ${port} is in use; PORT chooses another\n`,
    )
    server.close()
  })

  it('data folder that cannot be written to', async () => {
    const file = join(folder(), 'a-file')
    writeFileSync(file, '')
    expect(await refusal(['--port', '0', '--data-dir', join(file, 'data')])).toMatch(
      /^Parley cannot start: the data folder \S+ cannot be written to \(ENOTDIR\); PARLEY_DATA_DIR chooses another\n$/,
    )
  })

  it.runIf(process.getuid?.() === 0)('data folder of somebody else', async () => {
    const mine = folder()
    chmodSync(mine, 0o755)
    expect(await refusal(['--port', '0', '--data-dir', mine], { uid: 65_534 })).toMatch(
      /cannot be written to \(EACCES\)/,
    )
  })

  it('faults of production: all of them together, and no value of any', async () => {
    const said = await refusal(['--port', '0', '--data-dir', folder()], {
      env: { NODE_ENV: 'production', BCRYPT_COST: '99', METRICS_TOKEN: 'hunter2' },
    })
    expect(said).toMatch(/^Parley cannot start: The configuration has \d+ faults:\n/)
    for (const fault of ['BCRYPT_COST: "99"', 'METRICS_TOKEN: its value']) expect(said).toContain(fault)
    expect(said).not.toContain('hunter2')
  })

  it('production with a database elsewhere and no secret for its keys', async () => {
    const env = { NODE_ENV: 'production', DATABASE_URL: 'postgres://127.0.0.1:1/parley' }
    expect(await refusal(['--port', '0', '--data-dir', folder()], { env })).toContain(
      'SIGNING_SECRET: must be set in production',
    )
  })

  it('a demo account in production', async () => {
    const env = {
      NODE_ENV: 'production',
      SIGNING_SECRET: 's'.repeat(40),
      PUBLIC_URL: 'https://meet.example.org',
      BCRYPT_COST: '10',
    }
    expect(await refusal(['--port', '0', '--data-dir', folder(), '--demo'], { env })).toContain('production refuses it')
  })

  it('a database that is newer than the code', async () => {
    const data = folder()
    const log = createLogger({ service: 'test', destination: new PassThrough().resume() })
    const database = await openDatabase({ dataDir: join(data, 'db') }, { log })
    const db = database.schema<{ migration: { name: string; timestamp: string } }>('chat')
    await db.schema.createSchema('chat').execute()
    await db.schema.createTable('migration').addColumn('name', 'varchar').addColumn('timestamp', 'varchar').execute()
    await db.insertInto('migration').values({ name: '999-of-the-future', timestamp: '' }).execute()
    await database.close()
    expect(await refusal(['--port', '0', '--data-dir', data])).toBe(
      'Parley cannot start: the database is newer than this version of Parley (schema chat has migration 999-of-the-future)\n',
    )
  })

  it('an option that does not exist', async () => {
    expect(await refusal(['--prot', '1'])).toContain("unknown option '--prot'")
  })
})

/** The titles of the meetings that the demo account is invited to. */
async function pendingInvitesOfDemo(url: string): Promise<string[]> {
  const { email, password } = demoAccount
  const signIn = await fetch(`${url}/v1/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email, password, tokenDelivery: 'body' }),
  })
  const { accessToken } = (await signIn.json()) as { accessToken: string }
  const headers = { authorization: `Bearer ${accessToken}` }
  const answer = await fetch(`${url}/v1/invites?status=pending`, { headers })
  const { items } = (await answer.json()) as OperationAnswer<'myInvites'>
  return items.map(({ meeting }) => meeting.title)
}

describe('the embedded product', () => {
  it('O7 starts, makes the demo data, refuses a second start on its folder, survives kill -9, stops with 0', async () => {
    const data = folder()
    const port = String(await freePort())
    const first = start(['--demo'], { env: { PORT: port, PARLEY_DATA_DIR: data } })
    await first.ready()
    const url = `http://127.0.0.1:${port}`
    expect(await (await fetch(`${url}/readyz`)).json()).toMatchObject({ status: 'ok' })
    await expect
      .poll(first.stderr, { timeout: 30_000 })
      .toMatch(/demo@parley.test, password password123\n +Demo meeting +http:\S+\/[a-z]{3}-[a-z]{4}-[a-z]{3}\n/)
    expect(
      first
        .stdout()
        .trim()
        .split('\n')
        .map((line) => typeof JSON.parse(line)),
    ).not.toContain('string')
    expect(await refusal(['--port', '0', '--data-dir', data])).toMatch(
      /^Parley cannot start: folder \S+ is in use by process \d+\n$/,
    )

    first.child.kill('SIGKILL')
    await first.exit
    const second = start(['--demo'], { env: { PORT: port, PARLEY_DATA_DIR: data } })
    await second.ready()
    await expect.poll(second.stderr, { timeout: 30_000 }).toContain('Pending invite')
    expect(await pendingInvitesOfDemo(url)).toEqual(['Planning with Ida'])
    const link = /Demo meeting +(\S+)/
    expect(link.exec(second.stderr())?.[1]).toBe(link.exec(first.stderr())?.[1])
    second.child.kill('SIGTERM')
    expect(await second.exit).toBe(0)
  }, 90_000)

  it('O21 starts in production with nothing set, and keeps its secret beside the database', async () => {
    const data = folder()
    const env = { NODE_ENV: 'production', PORT: String(await freePort()), PARLEY_DATA_DIR: data, BCRYPT_COST: '10' }
    const secrets: string[] = []
    for (const turn of ['first', 'second']) {
      const { child, exit, ready, stderr } = start([], { env })
      await ready()
      expect([turn, stderr()]).toEqual([turn, expect.stringContaining('set PUBLIC_URL to the address that people use')])
      const own = { origin: `http://localhost:${env.PORT}` }
      const answer = await fetch(`http://127.0.0.1:${env.PORT}/v1/auth/guest`, {
        method: 'POST',
        headers: { ...own, 'content-type': 'application/json' },
        body: JSON.stringify({ name: 'Ada' }),
      })
      expect(answer.status).toBe(201)
      secrets.push(readFileSync(join(data, 'signing-secret'), 'utf8'))
      child.kill('SIGTERM')
      expect(await exit).toBe(0)
    }
    expect(secrets[0]).toBe(secrets[1])
    expect(statSync(join(data, 'signing-secret')).mode & 0o777).toBe(0o600)
  }, 90_000)

  it('says what it takes with --help', async () => {
    const { exit, stdout } = start(['--help'])
    expect(await exit).toBe(0)
    for (const option of ['--port', '--host', '--data-dir', '--demo', 'DATABASE_URL'])
      expect(stdout()).toContain(option)
  })
})
