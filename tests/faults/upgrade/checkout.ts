import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { root } from '../stack/replicas.ts'

/** The product as it was at a commit, installed in a temporary folder. */
export interface Checkout {
  folder: string
  commit: string
  remove(): Promise<void>
}

const installWithinMs = 300_000

/** Rejects with what the command printed, when `ref` is no commit or its packages cannot be installed. */
export async function checkOut(ref: string): Promise<Checkout> {
  const commit = (await run('git', ['rev-parse', '--verify', `${ref}^{commit}`], root)).trim()
  const folder = await mkdtemp(join(tmpdir(), 'parley-before-'))
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true })
  try {
    await run('sh', ['-c', 'git archive "$0" | tar -x -C "$1"', commit, folder], root)
    // It installs its npm packages before it prints its help.
    await run('node', ['deploy/launcher/launch.mjs', 'embedded', '--help'], folder)
  } catch (error) {
    await remove()
    throw error
  }
  return { folder, commit, remove }
}

async function run(command: string, args: readonly string[], cwd: string): Promise<string> {
  const child = spawn(command, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'], timeout: installWithinMs })
  let printed = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (printed += String(chunk)))
  const [code] = await once(child, 'close')
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${code}:\n${printed}`)
  return printed
}
