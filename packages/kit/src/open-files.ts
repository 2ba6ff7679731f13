import { readFileSync } from 'node:fs'

/** How many files this process may have open (the soft limit, proc(5)); undefined where that cannot be told. */
export function openFilesLimit(): number | undefined {
  try {
    const found = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1]
    return found === undefined ? undefined : Number(found)
  } catch (error) {
    // Not Linux.
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}

/** The descriptors of a process besides clients' sockets: connections to servers, modules, logs. */
const others = 150

/**
 * How many sockets of clients fit, each of which costs so many descriptors; at most `wanted`. With more the process would answer nobody
 * at all: the connection behind a socket, and requests, need descriptors too.
 */
export function socketsThatFit(wanted: number, each: number, limit = openFilesLimit()): number {
  return limit === undefined ? wanted : Math.max(1, Math.min(wanted, Math.floor((limit - others) / each)))
}
