import { spawn } from 'node:child_process'

export interface RunOptions {
  signal: AbortSignal
  /** The command is killed after this. */
  deadlineMs: number
  /** How much of its output is kept, the end of it, in characters. */
  keep?: number
}

/** A command that ended otherwise than with 0; `message` has the end of what it wrote to stderr. */
export class CommandError extends Error {
  readonly command: string
  constructor(command: string, detail: string) {
    super(`${command} failed: ${detail}`)
    this.command = command
  }
}

const keptUsually = 4_000
/** Live media goes first: the least urgent of all (nice(1)). */
const niceness = '19'

/**
 * Runs a command with the lowest priority, and gives the end of its stdout and of its stderr.
 * @throws CommandError when it fails, is not there, or takes longer than `deadlineMs`
 */
export function run(
  command: string,
  args: readonly string[],
  { signal, deadlineMs, keep = keptUsually }: RunOptions,
): Promise<{ stdout: string; stderr: string }> {
  return new Promise((resolve, reject) => {
    const late = AbortSignal.timeout(deadlineMs)
    const stopping = AbortSignal.any([signal, late])
    const child = spawn('nice', ['-n', niceness, command, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      signal: stopping,
      killSignal: 'SIGKILL',
    })
    const out = { stdout: '', stderr: '' }
    for (const name of ['stdout', 'stderr'] as const)
      child[name].setEncoding('utf8').on('data', (text: string) => {
        out[name] = (out[name] + text).slice(-keep)
      })
    child.once('error', (error) => {
      if (!stopping.aborted) reject(new CommandError(command, error.message))
    })
    child.once('close', (code, killedBy) => {
      if (signal.aborted) reject(signal.reason)
      else if (late.aborted) reject(new CommandError(command, `it took longer than ${deadlineMs} ms`))
      else if (code === 0) resolve(out)
      else
        reject(
          new CommandError(command, `${killedBy ?? `exit code ${code}`}: ${out.stderr.slice(-keptUsually).trim()}`),
        )
    })
  })
}
