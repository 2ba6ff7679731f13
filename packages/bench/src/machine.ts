import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'

/** Load average of the last minute (proc(5), loadavg): what else this machine was doing. */
export const loadAverage = (): string => readFileSync('/proc/loadavg', 'utf8').split(' ')[0] ?? '?'

/** The soft limit of open files of this process, which its children inherit. */
export function openFiles(): number {
  const limits = readFileSync('/proc/self/limits', 'utf8')
  return Number(/Max open files\s+(\d+)/.exec(limits)?.[1] ?? 1_024)
}

/** The first line of every benchmark: when, where, and how quiet it was. */
export const machine = (): string =>
  `${new Date().toISOString().slice(0, 16)}Z, Node ${process.version}, ${availableParallelism()} cores, load ${loadAverage()}`
