import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'

const main = join(import.meta.dirname, '..', '..', 'deploy', 'cli', 'src', 'main.ts')

/** Runs the `parley` command. Rejects when it does not end well. */
export const parley = (args: readonly string[], env: Readonly<Record<string, string>>) =>
  promisify(execFile)(process.execPath, [main, ...args], {
    env: { PATH: process.env['PATH'], ...env },
    timeout: 60_000,
  })
