import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { lockFolder } from '@parley/kit'
import { startPostgres, type RunningServer } from '@parley/kit/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const dir = mkdtempSync(join(tmpdir(), 'parley-cli-'))
const waitMs = 100_000
let postgres: RunningServer
beforeAll(async () => {
  postgres = await startPostgres()
}, 60_000)
afterAll(async () => {
  await postgres.stop()
  rmSync(dir, { recursive: true, force: true })
})

interface Run {
  code: number
  stdout: string
  stderr: string
}

function parley(args: readonly string[], env: Record<string, string>, input = ''): Promise<Run> {
  const options = { env: { PATH: process.env['PATH'], ...env }, timeout: waitMs }
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [join(import.meta.dirname, 'main.ts'), ...args],
      options,
      (_error, stdout, stderr) => resolve({ code: child.exitCode ?? -1, stdout, stderr }),
    )
    child.stdin?.end(input)
  })
}

const emailsOf = ({ stdout }: Run): unknown[] => (JSON.parse(stdout) as { email: string }[]).map(({ email }) => email)

/** Migrates, makes an account, saves; makes another, puts back: only the first is there. */
async function saveAndPutBack(env: Record<string, string>, file: string): Promise<void> {
  expect(await parley(['migrate', '--status'], env)).toMatchObject({
    code: 1,
    stdout: expect.stringContaining('waiting: 0001-accounts'),
  })
  expect(await parley(['migrate'], env)).toMatchObject({ code: 0, stdout: expect.stringContaining('none waits') })
  const create = (email: string) =>
    parley(
      ['user', 'create', email, '--name', 'Ada', '--verified', '--password-stdin', '--json'],
      env,
      'correct horse\n',
    )
  const made = await create('ada@example.org')
  expect(JSON.parse(made.stdout)).toMatchObject({ email: 'ada@example.org', emailVerified: true })
  expect(made.stdout).not.toContain('correct horse')
  expect(await parley(['backup', file], env)).toMatchObject({ code: 0 })
  await create('late@example.org')
  expect(await parley(['restore', file], env)).toMatchObject({ code: 1, stderr: expect.stringContaining('add --yes') })
  expect(emailsOf(await parley(['user', 'list', '--json'], env))).toEqual(['late@example.org', 'ada@example.org'])
  expect(await parley(['restore', file, '--yes'], env)).toMatchObject({ code: 0 })
  expect(emailsOf(await parley(['user', 'list', '--json'], env))).toEqual(['ada@example.org'])
}

describe('parley', () => {
  it(
    'O23 saves and puts back PostgreSQL',
    async () => {
      await saveAndPutBack({ DATABASE_URL: postgres.url }, join(dir, 'parley.dump'))
    },
    waitMs,
  )

  it(
    'O23 saves and puts back the folder, keeps what was there, and refuses one in use',
    async () => {
      const data = join(dir, 'data')
      const env = { PARLEY_DATA_DIR: data }
      await saveAndPutBack(env, join(dir, 'parley.tar.gz'))
      const unlock = lockFolder(join(data, 'db'))
      const refused = await parley(['backup', join(dir, 'other.tar.gz')], env)
      unlock()
      expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('is in use by process') })
      expect(existsSync(join(dir, 'other.tar.gz'))).toBe(false)
    },
    waitMs,
  )

  it(
    'A9 rotates the keys once, and removes an account with what was its',
    async () => {
      const env = { DATABASE_URL: postgres.url, SIGNING_SECRET: 'x9-'.repeat(16) }
      for (const _ of ['first', 'again']) {
        const { stdout } = await parley(['keys', 'rotate', '--json'], env)
        expect((JSON.parse(stdout) as { state: string }[]).map(({ state }) => state)).toEqual(['next', 'signs'])
      }
      expect(await parley(['user', 'delete', 'ada@example.org'], env)).toMatchObject({ code: 1 })
      expect(await parley(['user', 'delete', 'ada@example.org', '--yes'], env)).toMatchObject({ code: 0 })
      expect(await parley(['user', 'show', 'ada@example.org'], env)).toMatchObject({
        code: 1,
        stderr: 'parley: there is no account ada@example.org; "parley user list" shows those there are\n',
      })
    },
    waitMs,
  )

  it(
    'teaches by its help, and ends with 2 on a command that is none',
    async () => {
      const { code, stdout } = await parley(['--help'], {})
      expect([code, stdout]).toEqual([0, expect.stringContaining('parley doctor https://meet.example.org')])
      expect(await parley(['nonsense'], {})).toMatchObject({
        code: 2,
        stderr: expect.stringContaining("unknown command 'nonsense'"),
      })
    },
    waitMs,
  )
})

describe('O24 parley size', () => {
  const needs = async (...more: string[]): Promise<Map<string, { cores: number; memoryMiB: number }>> => {
    const { stdout } = await parley(['size', '--meetings', '100', '--people', '8', '--json', ...more], {})
    return new Map(
      (JSON.parse(stdout) as { name: string; cores: number; memoryMiB: number }[]).map((one) => [one.name, one]),
    )
  }

  it(
    'answers more for more messages, joins and passwords, from where they cost',
    async () => {
      const typical = await needs()
      const chatty = await needs('--chat-per-minute', '10')
      const short = await needs('--minutes', '3')
      const passwords = await needs('--login-share', '1')
      const cores = (of: typeof typical, name: string): number => of.get(name)?.cores ?? 0
      expect(cores(chatty, 'chat')).toBeGreaterThan(cores(typical, 'chat') * 3)
      expect(cores(short, 'meetings')).toBeGreaterThan(cores(typical, 'meetings'))
      // 800 people in 30 minutes, four fifths of them more: 0.36 a second, 207 ms each.
      expect(cores(passwords, 'auth') - cores(typical, 'auth')).toBeCloseTo(0.0736, 3)
    },
    waitMs,
  )
})
