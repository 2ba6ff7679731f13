import { spawn } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { definitions } from '@parley/embedded'
import { StartupError } from '@parley/kit'

const versionsDir = '/usr/lib/postgresql'

/** Dumps the schemas of all services as one snapshot, in the format of pg_restore. @throws StartupError with what pg_dump said */
export function dumpPostgres(url: string, file: string): Promise<void> {
  const named = schemas().map((name) => `--schema=${name}`)
  return run('pg_dump', ['--format=custom', '--no-owner', '--no-privileges', `--file=${file}`, ...named], url)
}

/**
 * Replaces the schemas by those of a dump, all or nothing; also tables that only a newer version has go. `scratch` is a file that is free.
 * @throws StartupError with what pg_restore or psql said
 */
export async function restorePostgres(url: string, file: string, scratch: string): Promise<void> {
  await run('pg_restore', ['--no-owner', '--no-privileges', `--file=${scratch}`, file], url)
  const drop = schemas().map((name) => `drop schema if exists ${name} cascade;`)
  const options = ['--no-psqlrc', '--quiet', '--single-transaction', '--set=ON_ERROR_STOP=1']
  await run('psql', [...options, `--command=${drop.join(' ')}`, `--file=${scratch}`], url)
}

const schemas = (): string[] => definitions.flatMap(({ database }) => (database === undefined ? [] : [database.schema]))

const databaseOf = (url: string): string => decodeURIComponent(new URL(url).pathname.slice(1))

/** By variables: a command line can be read by everybody on the machine. Source: PostgreSQL's manual, 34.15. */
function environmentOf(url: string): NodeJS.ProcessEnv {
  const { hostname, port, username, password, searchParams } = new URL(url)
  const sslMode = searchParams.get('sslmode')
  return {
    PATH: process.env['PATH'],
    PGHOST: searchParams.get('host') ?? hostname.replace(/^\[(.*)\]$/, '$1'),
    ...(port === '' ? {} : { PGPORT: port }),
    PGUSER: decodeURIComponent(username),
    PGPASSWORD: decodeURIComponent(password),
    PGDATABASE: databaseOf(url),
    PGCONNECT_TIMEOUT: '10',
    ...(sslMode === null ? {} : { PGSSLMODE: sslMode }),
  }
}

async function run(program: string, args: readonly string[], url: string): Promise<void> {
  const command = findProgram(program)
  const child = spawn(command, args, { env: environmentOf(url), stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  child.stderr.on('data', (chunk: Buffer) => (said = `${said}${String(chunk)}`.slice(-2000)))
  const code = await new Promise((resolve, reject) => child.once('error', reject).once('close', resolve))
  if (code !== 0) throw new StartupError(`${program} failed: ${said.trim()}`)
}

/** The newest that is installed: it dumps servers of its version and older ones. */
function findProgram(name: string): string {
  const installed = existsSync(versionsDir)
    ? readdirSync(versionsDir)
        .sort((a, b) => Number(b) - Number(a))
        .map((version) => join(versionsDir, version, 'bin'))
    : []
  const folders = [...installed, ...(process.env['PATH'] ?? '').split(delimiter)]
  const found = folders.map((folder) => join(folder, name)).find((file) => existsSync(file))
  if (found === undefined)
    throw new StartupError(`${name} is not installed; apt-get install postgresql-client, or run it where it is`)
  return found
}
