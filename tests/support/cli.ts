import { execFile } from 'node:child_process'
import { join } from 'node:path'

export interface CliRun {
  code: number
  stdout: string
  stderr: string
}

/** Runs `parley` with these arguments; its environment is `env` and PATH, nothing else. */
export function parleyCli(args: readonly string[], env: Readonly<Record<string, string>>): Promise<CliRun> {
  const main = join(import.meta.dirname, '..', '..', 'deploy', 'cli', 'src', 'main.ts')
  return new Promise((resolve) => {
    const options = { env: { PATH: process.env['PATH'], ...env }, timeout: 120_000 }
    const child = execFile(process.execPath, [main, ...args], options, (_error, stdout, stderr) =>
      resolve({ code: child.exitCode ?? -1, stdout, stderr }),
    )
    child.stdin?.end()
  })
}
