import { readFileSync, readlinkSync } from 'node:fs'
import { basename } from 'node:path'

const shells = new Set(['sh', 'dash', 'bash', 'ash', 'busybox', 'zsh'])
const pollEveryMs = 250

/**
 * npm passes signals on, but cannot tell us that it was killed: then somebody else becomes the parent of its shell, or,
 * without one in between, ours. Calls `onGone` once; does nothing when npm did not start us.
 */
export function watchNpm(onGone) {
  if (process.env.npm_lifecycle_event === undefined) return
  const links = chainToNpm()
  const timer = setInterval(() => {
    if (links.every(({ pid, parent }) => parentOf(pid) === parent)) return
    clearInterval(timer)
    onGone()
  }, pollEveryMs).unref()
}

/** The chain of parents, from us up through the shells to npm. */
function chainToNpm() {
  const links = [{ pid: process.pid, parent: process.ppid }]
  for (let pid = process.ppid; shells.has(nameOf(pid));) {
    const parent = parentOf(pid)
    links.push({ pid, parent })
    pid = parent
  }
  return links
}

function parentOf(pid) {
  if (pid === process.pid) return process.ppid
  // The name, in parentheses, may hold anything; after it come the state and the parent.
  return Number(/^.*\) \S (\d+)/s.exec(orEmpty(() => readFileSync(`/proc/${pid}/stat`, 'utf8')))?.[1] ?? 0)
}

/** Of the program, not of the script that it runs: a script called `node` is a shell. */
const nameOf = (pid) => basename(orEmpty(() => readlinkSync(`/proc/${pid}/exe`)))

/** Empty for a process that is gone or not ours, and where there is no /proc: there only our own parent is watched. */
function orEmpty(read) {
  try {
    return read()
  } catch (error) {
    if (['ENOENT', 'ESRCH', 'EACCES'].includes(error.code)) return ''
    throw error
  }
}
