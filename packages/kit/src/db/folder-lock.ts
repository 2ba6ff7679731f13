import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { StartupError } from '../startup-error.ts'

/**
 * Takes a folder for this process alone; returns how to give it back. The lock is the operating system's, held through SQLite's. So it ends with the process, and a reused process id cannot confuse it. The file
 * `parley.pid` only tells people who holds it.
 * @throws StartupError when another process has it
 */
export function lockFolder(folder: string): () => void {
  mkdirSync(folder, { recursive: true })
  const pidFile = join(folder, 'parley.pid')
  const lock = new DatabaseSync(join(folder, 'parley.lock'))
  try {
    lock.exec('PRAGMA journal_mode = MEMORY; PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE')
  } catch (error) {
    lock.close()
    if (error instanceof Error && 'errcode' in error && error.errcode === sqliteBusy) {
      throw new StartupError(`folder ${folder} is in use by process ${ownerOf(pidFile)}`, { cause: error })
    }
    throw error
  }
  writeFileSync(pidFile, `${process.pid}\n`)
  return () => {
    rmSync(pidFile, { force: true })
    lock.close()
  }
}

const sqliteBusy = 5

function ownerOf(pidFile: string): string {
  try {
    return readFileSync(pidFile, 'utf8').trim() || 'unknown'
  } catch {
    return 'unknown'
  }
}
