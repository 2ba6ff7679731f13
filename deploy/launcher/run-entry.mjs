import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { cache, node, root } from './paths.mjs'

/** The signals that ask us to stop. */
export const signals = ['SIGTERM', 'SIGINT', 'SIGHUP']
/** Ctrl-C reaches us from the terminal and again from npm: within this time it is one. */
const sameSignalMs = 1000

/**
 * Runs a TypeScript file on the pinned Node.js until it ends, and ends like it. It has a session of its own, so that a
 * terminal's signals come to it once, through us; and when we go, even by SIGKILL, it notices (follow.mjs).
 */
export async function runEntry(entry, args) {
  const follow = pathToFileURL(join(root, 'deploy', 'launcher', 'follow.mjs')).href
  const child = spawn(node, ['--import', follow, entry, ...args], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? join(cache, 'compiled') },
    detached: true,
  })
  forwardSignals(child)
  const { code, signal } = await new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (exitCode, exitSignal) => resolve({ code: exitCode, signal: exitSignal }))
  })
  process.exit(code ?? 128 + (constants.signals[signal] ?? 0))
}

function forwardSignals(child) {
  let last = Number.NEGATIVE_INFINITY
  for (const signal of signals) {
    process.on(signal, () => {
      const now = performance.now()
      if (now - last < sameSignalMs) return
      last = now
      // A terminal that is gone is a request to stop; the others are passed on as they are.
      child.kill(signal === 'SIGHUP' ? 'SIGTERM' : signal)
    })
  }
}
