import { readdirSync, readFileSync } from 'node:fs'

const ticksPerSecond = 100

/** CPU that processes have used since they began, in µs: user and system time of /proc/PID/stat (proc(5), fields 14 and 15). */
export function cpuMicros(pids: readonly number[]): number {
  let ticks = 0
  for (const pid of pids) {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
    ticks += Number(fields[11]) + Number(fields[12])
  }
  return (ticks / ticksPerSecond) * 1_000_000
}

/** Resident memory of processes together, in KiB (VmRSS). */
export function residentKiB(pids: readonly number[]): number {
  let sum = 0
  for (const pid of pids) sum += Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0)
  return sum
}

/** A process and those that it started: PostgreSQL serves each connection by one of its own. */
export function withChildren(parent: number): { pid: number }[] {
  const children = readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0 && parentOf(pid) === parent)
  return [parent, ...children].map((pid) => ({ pid }))
}

/** The fourth field of /proc/PID/stat (proc(5)); null for a process that has ended meanwhile. */
function parentOf(pid: number): number | null {
  try {
    return Number(readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[1])
  } catch {
    return null
  }
}
