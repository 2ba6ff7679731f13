import { execFile, spawn } from 'node:child_process'
import { constants } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

/** The variable that says to a process that its network is its own. */
const mark = 'PARLEY_FAULTS_NETWORK'
/** As root; or as anybody, where the machine permits user namespaces. */
const ways = [['--net'], ['--user', '--map-current-user', '--keep-caps', '--net']]
const follow = join(import.meta.dirname, '..', '..', 'deploy', 'launcher', 'follow.mjs')
const probeMs = 10_000
const run = promisify(execFile)

/** Whether this process, and all that it starts, has a network of its own: a loopback that nobody else uses. */
export const inOwnNetwork = (): boolean => process.env[mark] === 'own'

/** The prefix of a command, so that it runs in a network of its own; or why that is impossible. */
export type Way = { command: string; args: readonly string[] } | { missing: string }

/** A way in which `probe`, a command and its arguments, succeeds; what it does is gone again with the network. */
export async function wayToOwnNetwork(probe: readonly string[]): Promise<Way> {
  const reasons: string[] = []
  for (const flags of ways) {
    const args = [...flags, '--', 'sh', '-c', 'ip link set lo up && exec "$@"', 'sh']
    try {
      await run('unshare', [...args, ...probe], { timeout: probeMs })
      return { command: 'unshare', args }
    } catch (error) {
      reasons.push(lastLineOf(error))
    }
  }
  return { missing: [...new Set(reasons)].join('; ') }
}

/** Runs the command of this process once more, in a network of its own; its exit code. */
export async function runAgain({ command, args }: Exclude<Way, { missing: string }>): Promise<number> {
  const again = [process.execPath, '--import', follow, ...process.argv.slice(1)]
  const child = spawn(command, [...args, ...again], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, [mark]: 'own' },
  })
  // Ctrl-C may come to it from the terminal as well: it ends once. Should we be killed, it notices (follow.mjs).
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal))
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code, signal) => resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])))
  })
}

function lastLineOf(error: unknown): string {
  const { code, stderr = '' } = error as { code?: unknown; stderr?: string }
  if (code === 'ENOENT') return 'unshare is not installed'
  return stderr.trim().split('\n').at(-1) ?? String(error)
}
