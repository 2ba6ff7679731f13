import { readFileSync } from 'node:fs'

const ticksPerSecond = 100

/** CPU that a process has used since it began, in µs: user and system time of /proc/PID/stat (proc(5), fields 14 and 15). */
export function cpuMicros(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  return ((Number(fields[11]) + Number(fields[12])) / ticksPerSecond) * 1_000_000
}

/** Resident memory of a process in KiB (VmRSS). */
export function residentKiB(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0)
}
