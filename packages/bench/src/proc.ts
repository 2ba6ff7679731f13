import { readFileSync } from 'node:fs'

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
