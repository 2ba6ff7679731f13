import { spawn } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { eventually } from '@parley/kit/testing'

export const aFolder = (): string => mkdtempSync(join(tmpdir(), 'parley-embedded-'))

interface RunOptions {
  env?: Record<string, string>
  /** The user that runs it, if not this process's. */
  uid?: number
}

/** The product as `npm start` runs it, quick to hash passwords; `args` as on the command line. */
export function run(args: readonly string[], { env = {}, uid }: RunOptions = {}) {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'main.ts'), ...args], {
    cwd: '/tmp',
    env: { PATH: process.env['PATH'], NODE_ENV: 'test', LOG_FORMAT: 'json', BCRYPT_COST: '4', ...env },
    ...(uid === undefined ? {} : { uid, gid: uid }),
  })
  let stderr = ''
  let stdout = ''
  child.stdout.on('data', (chunk) => (stdout += String(chunk)))
  child.stderr.on('data', (chunk) => (stderr += String(chunk)))
  const exit = new Promise<number | null>((resolve) => child.once('close', resolve))
  const ready = (): Promise<void> =>
    eventually(
      () =>
        stderr.includes('Parley is ready') ? undefined : Promise.reject(new Error(`not ready:\n${stderr}${stdout}`)),
      40_000,
    )
  return { child, exit, ready, stderr: () => stderr, stdout: () => stdout }
}
