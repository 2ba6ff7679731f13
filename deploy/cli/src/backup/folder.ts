import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, renameSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { lockFolder, openDatabase, StartupError, systemClock, type Logger } from '@parley/kit'

/** Files that tell of a running process, and those that a restart makes again. */
const left = ['parley.pid', 'parley.lock', '*.part', 'recordings-raw']

/**
 * Packs a data folder. Holds its lock meanwhile, after the database has been closed well once.
 * @throws StartupError when the product runs on it
 */
export async function packFolder(dataDir: string, file: string, log: Logger): Promise<void> {
  const from = resolve(dataDir)
  if (!existsSync(join(from, 'db')))
    throw new StartupError(`there is no data in ${from}; PARLEY_DATA_DIR names another folder`)
  // Open and closed again, it has recovered what a crash has left.
  await (await openDatabase({ dataDir: join(from, 'db') }, { log })).close()
  const unlock = lockFolder(join(from, 'db'))
  try {
    await tar(['-czf', file, ...left.map((name) => `--exclude=${name}`), '-C', from, '.'])
  } finally {
    unlock()
  }
}

/** Puts a packed folder where `dataDir` is; what was there is kept beside it. Returns where. */
export async function unpackFolder(file: string, dataDir: string, log: Logger): Promise<string | undefined> {
  const to = resolve(dataDir)
  const fresh = `${to}.restoring-${process.pid}`
  mkdirSync(fresh, { recursive: true, mode: 0o700 })
  await tar(['-xzf', resolve(file), '-C', fresh])
  // Nobody has it in use, and what was packed opens.
  if (existsSync(join(to, 'db'))) await (await openDatabase({ dataDir: join(to, 'db') }, { log })).close()
  const host = await openDatabase({ dataDir: join(fresh, 'db') }, { log })
  const opens = await host.ping()
  await host.close()
  if (!opens) throw new StartupError(`${file} holds no database that opens; ${fresh} has what came out of it`)
  const before = existsSync(to) && readdirSync(to).length > 0 ? `${to}.before-${systemClock.now()}` : undefined
  if (before !== undefined) renameSync(to, before)
  renameSync(fresh, to)
  return before
}

async function tar(args: readonly string[]): Promise<void> {
  const child = spawn('tar', args, { stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  child.stderr.on('data', (chunk: Buffer) => (said = `${said}${String(chunk)}`.slice(-2000)))
  const code = await new Promise((done, reject) => child.once('error', reject).once('close', done))
  if (code !== 0) throw new StartupError(`tar failed: ${said.trim()}`)
}
