import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { findBinary } from '@parley/kit/testing'
import type { Server } from './server.ts'

const run = promisify(execFile)
const script = fileURLToPath(new URL('../../postgres/users.sql', import.meta.url))
const owner = 'postgres'
export const durable = ['auth', 'meetings', 'chat', 'media'] as const

/** The name that `deploy/postgres/users.sql` gives the role of a service, in the database `postgres`. */
export const roleOf = (service: string): string => `${owner}_${service}`

/**
 * Makes the role of each service and lets nobody in without a password from then on, not even the owner; only the socket in the folder of
 * the server stays open. The roles and this rule are kept with the data, also when the server is started again.
 */
export async function makeDatabaseUsers(
  { url, dir }: Pick<Server, 'url' | 'dir'>,
  passwordOf: (user: string) => string,
): Promise<void> {
  const { port } = new URL(url)
  const passwords = durable.map((service) => [
    `POSTGRES_${service.toUpperCase()}_PASSWORD`,
    passwordOf(roleOf(service)),
  ])
  const psql = (...args: string[]) =>
    run(findBinary('psql', 'postgresql'), ['-X', '-q', '-h', dir, '-p', port, '-U', owner, ...args, owner], {
      env: { ...process.env, ...Object.fromEntries(passwords) },
      timeout: 20_000,
    })
  await psql('-f', script)
  await psql('-v', 'ON_ERROR_STOP=1', '-c', `alter role ${owner} password '${passwordOf(owner)}'`)
  const rules = join(dir, 'data', 'pg_hba.conf')
  const before = await readFile(rules, 'utf8')
  await writeFile(rules, before.replaceAll(/^(host\s.*\s)trust$/gm, '$1scram-sha-256'))
  await psql('-c', 'select pg_reload_conf()')
}
