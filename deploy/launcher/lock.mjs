import { randomUUID } from 'node:crypto'
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const beatEveryMs = 2000
const staleAfterMs = 15_000
const pollEveryMs = 200
const waitAtMostMs = 15 * 60_000

/**
 * Runs `work` while no other start runs its own. The lock is a file made in one step with its owner inside (a hard
 * link); the owner touches it while it works. One whose process is gone, or that nobody has touched for 15 s, is taken.
 */
export async function withLock(file, work) {
  const owner = `${process.pid} ${randomUUID()}`
  await acquire(file, owner)
  const beat = setInterval(() => touch(file), beatEveryMs)
  try {
    return await work()
  } finally {
    clearInterval(beat)
    if (read(file) === owner) rmSync(file, { force: true })
  }
}

async function acquire(file, owner) {
  mkdirSync(dirname(file), { recursive: true })
  const until = performance.now() + waitAtMostMs
  for (let told = false; !take(file, owner); told = true) {
    if (!told) process.stderr.write('Another start is installing; waiting for it…\n')
    if (performance.now() > until)
      throw new Error(`Another start has been installing for too long; if there is none, remove ${file}.`)
    await sleep(pollEveryMs)
    removeStale(file)
  }
}

function take(file, owner) {
  const mine = `${file}.${randomUUID()}`
  writeFileSync(mine, owner)
  try {
    linkSync(mine, file)
    return true
  } catch (error) {
    if (error.code === 'EEXIST') return false
    throw error
  } finally {
    rmSync(mine, { force: true })
  }
}

/** Moves it aside first: of several who find it stale, one gets it, and a fresh one that it got instead goes back. */
function removeStale(file) {
  const owner = read(file)
  if (owner === undefined || !isStale(file, owner)) return
  const aside = `${file}.${randomUUID()}`
  try {
    renameSync(file, aside)
    if (read(aside) !== owner) linkSync(aside, file)
  } catch (error) {
    if (error.code !== 'ENOENT' && error.code !== 'EEXIST') throw error
  }
  rmSync(aside, { force: true })
}

function isStale(file, owner) {
  const pid = Number(owner.split(' ')[0])
  return !isAlive(pid) || Date.now() - (statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0) > staleAfterMs
}

function isAlive(pid) {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error.code === 'EPERM'
  }
}

function touch(file) {
  try {
    const now = new Date()
    utimesSync(file, now, now)
  } catch (error) {
    if (error.code !== 'ENOENT') throw error
  }
}

function read(file) {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if (error.code === 'ENOENT') return undefined
    throw error
  }
}
