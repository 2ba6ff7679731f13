import { execFile, execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chown } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { findBinary } from './binaries.ts'

interface User {
  uid: number
  gid: number
}

const run = promisify(execFile)

/** PostgreSQL refuses to run as root: the user `postgres` of the package then, otherwise nobody else. */
export function postgresUser(): User | undefined {
  if (process.getuid?.() !== 0) return undefined
  try {
    const id = (flag: string) => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8', stdio: 'pipe' }))
    return { uid: id('-u'), gid: id('-g') }
  } catch {
    throw new Error('There is no user postgres: apt-get install -y --no-install-recommends postgresql')
  }
}

/** Makes a cluster in `dir` unless there is one, and returns its data folder. */
export async function initPostgres(dir: string, user: User | undefined): Promise<string> {
  const data = join(dir, 'data')
  if (existsSync(join(data, 'PG_VERSION'))) return data
  if (user) await chown(dir, user.uid, user.gid)
  const args = ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C.UTF-8', '--no-sync']
  await run(findBinary('initdb', 'postgresql'), args, { cwd: dir, ...user })
  return data
}
