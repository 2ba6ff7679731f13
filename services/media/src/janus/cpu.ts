import { readdir, readFile, readlink } from 'node:fs/promises'
import type { Clock } from '@parley/kit'
import type { JanusServer } from './servers.ts'

/** How much of a core a Janus uses; null while that is not known. */
export interface CpuReader {
  /** As of the reading before. */
  readonly cores: number | null
  /** Reads again, if it is time. Never rejects. */
  read(): Promise<void>
}

const everyMs = 5_000
const answerMs = 1_500
const maxBytes = 4 * 1_024 * 1_024
/** `USER_HZ`, which Linux keeps at 100 on every machine (proc(5)). */
const ticksPerSecond = 100

/**
 * Reads the CPU of a Janus: from its metrics address where there is one; otherwise from `/proc`, where Janus runs on this machine. A Janus
 * that is elsewhere and has no metrics address has no CPU that we know of.
 */
export function createCpuReader(
  { adminUrl, metricsUrl }: Pick<JanusServer, 'adminUrl' | 'metricsUrl'>,
  clock: Clock,
): CpuReader {
  const source = metricsUrl === null ? fromProc(new URL(adminUrl)) : () => fromMetrics(metricsUrl)
  let before: { seconds: number; at: number } | null = null
  let cores: number | null = null
  let readAt = Number.NEGATIVE_INFINITY
  return {
    get cores() {
      return cores
    },
    async read() {
      if (clock.monotonic() - readAt < everyMs) return
      readAt = clock.monotonic()
      const seconds = await source().catch(() => null)
      const at = clock.monotonic()
      // A Janus that was started anew counts from zero.
      if (seconds === null || (before !== null && seconds < before.seconds)) cores = null
      else if (before !== null && at > before.at) cores = ((seconds - before.seconds) * 1_000) / (at - before.at)
      before = seconds === null ? null : { seconds, at }
    },
  }
}

/** Of a process, of a group of processes (process-exporter), of a whole machine (node_exporter): the first one that is there. */
const counters = [
  /^process_cpu_seconds_total(?:\{[^}]*\})?\s+(\S+)/gm,
  /^namedprocess_namegroup_cpu_seconds_total(?:\{[^}]*\})?\s+(\S+)/gm,
  /^node_cpu_seconds_total\{(?![^}]*mode="(?:idle|iowait)")[^}]*\}\s+(\S+)/gm,
]

/** Seconds of CPU in a text of Prometheus' format; null if it has none. */
export function cpuSecondsIn(text: string): number | null {
  for (const counter of counters) {
    const values = [...text.matchAll(counter)].map(([, value]) => Number(value)).filter(Number.isFinite)
    if (values.length > 0) return values.reduce((sum, value) => sum + value, 0)
  }
  return null
}

async function fromMetrics(url: string): Promise<number | null> {
  const answer = await fetch(url, { redirect: 'error', signal: AbortSignal.timeout(answerMs) })
  if (!answer.ok || answer.body === null) return null
  const parts: Uint8Array[] = []
  let size = 0
  for await (const part of answer.body) {
    size += part.byteLength
    if (size > maxBytes) return null
    parts.push(part)
  }
  return cpuSecondsIn(Buffer.concat(parts).toString('utf8'))
}

/** Of the process that listens where the admin API is, if that is on this machine. */
function fromProc({ hostname, port }: URL): () => Promise<number | null> {
  if (!/^(127\.|localhost$|\[::1\]$)/.test(hostname) || process.platform !== 'linux') return async () => null
  let pid: number | null = null
  let startedAt = ''
  return async () => {
    const known = pid === null ? null : await usageOf(pid)
    // Another process may have got the number of one that has ended.
    if (known !== null && known.startedAt === startedAt) return known.seconds
    pid = await listenerOn(Number(port))
    const found = pid === null ? null : await usageOf(pid)
    startedAt = found?.startedAt ?? ''
    return found?.seconds ?? null
  }
}

/** User and system time, and the start: fields 14, 15 and 22 of /proc/PID/stat (proc(5)). Null: there is no such process. */
async function usageOf(pid: number): Promise<{ seconds: number; startedAt: string } | null> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null)
  const fields = text?.slice(text.lastIndexOf(')') + 2).split(' ')
  if (fields === undefined) return null
  return { seconds: (Number(fields[11]) + Number(fields[12])) / ticksPerSecond, startedAt: fields[19] ?? '' }
}

const listening = '0A'

/** The process that has the listening socket of a TCP port: the inode in /proc/net/tcp is that of one of its open files (proc(5)). */
async function listenerOn(port: number): Promise<number | null> {
  const tables = await Promise.all(
    ['tcp', 'tcp6'].map((name) => readFile(`/proc/self/net/${name}`, 'utf8').catch(() => '')),
  )
  const ending = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  const inodes = tables
    .flatMap((table) => table.split('\n').map((line) => line.trim().split(/\s+/)))
    .filter((fields) => fields[1]?.endsWith(ending) === true && fields[3] === listening)
    .map((fields) => `socket:[${fields[9]}]`)
  if (inodes.length === 0) return null
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name)))
    for (const fd of await readdir(`/proc/${pid}/fd`).catch(() => []))
      if (inodes.includes(await readlink(`/proc/${pid}/fd/${fd}`).catch(() => ''))) return Number(pid)
  return null
}
