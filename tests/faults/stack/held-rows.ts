import { spawn } from 'node:child_process'

export interface HeldRows {
  /** Lets go; resolves when the session is over. */
  release(): Promise<void>
}

const patienceMs = 10_000

/**
 * Locks what these queries find (each `select … for update`) in a session of PostgreSQL of its own. So does a person who begins to change data by hand and goes for a coffee. Rejects when they are not locked within 10 s.
 */
export async function holdRows(url: string, queries: readonly string[]): Promise<HeldRows> {
  const child = spawn('psql', ['-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1', url], { stdio: 'pipe' })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += String(chunk)))
  const ended = new Promise<void>((resolve, reject) => child.once('close', () => resolve()).once('error', reject))
  child.stdin.write(`begin;\n${queries.map((query) => `${query};\n`).join('')}\\echo all held\n`)
  const held = new Promise<void>((resolve) => {
    child.stdout.on('data', () => (output.includes('all held') ? resolve() : undefined))
  })
  const { promise: late, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new Error('the rows are not locked yet')), patienceMs)
  try {
    const early = ended.then(() => Promise.reject(new Error(`the rows were not locked: ${output}`)))
    await Promise.race([held, late, early])
  } catch (error) {
    child.kill('SIGKILL')
    throw error
  } finally {
    clearTimeout(timer)
  }
  return {
    release() {
      child.stdin.end('rollback;\n')
      return ended
    },
  }
}
