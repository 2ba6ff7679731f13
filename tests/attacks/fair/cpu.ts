import { readdirSync, readFileSync } from 'node:fs'

/** A clock tick of /proc, ms. */
const tickMs = 10

function statOf(pid: number): { parent: number; cpuMs: number } | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name in brackets may have blanks.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    return { parent: Number(fields[1]), cpuMs: (Number(fields[11]) + Number(fields[12])) * tickMs }
  } catch {
    return undefined
  }
}

/** The busy time of all processors since the start of the machine, ms. */
function busyMs(): number {
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0] = (
    /^cpu +(.*)$/m.exec(readFileSync('/proc/stat', 'utf8'))?.[1] ?? ''
  )
    .split(' ')
    .map(Number)
  return (user + nice + system + irq + softirq) * tickMs
}

/** CPU time of each of the named processes, ms. A child that has no name of its own counts for its parent. */
function cpuMsOf(processes: Readonly<Record<string, readonly number[]>>): Record<string, number> {
  const nameOf = new Map(Object.entries(processes).flatMap(([name, pids]) => pids.map((pid) => [pid, name] as const)))
  const all = new Map(
    readdirSync('/proc')
      .filter((entry) => /^\d+$/.test(entry))
      .map((entry) => [Number(entry), statOf(Number(entry))] as const),
  )
  const sums: Record<string, number> = Object.fromEntries(Object.keys(processes).map((name) => [name, 0]))
  for (const [pid, stat] of all) {
    let owner: number | undefined = pid
    while (owner !== undefined && owner > 1 && !nameOf.has(owner)) owner = all.get(owner)?.parent
    const name = nameOf.get(owner ?? 0)
    if (name !== undefined) sums[name] = (sums[name] ?? 0) + (stat?.cpuMs ?? 0)
  }
  return { ...sums, 'all of this machine': busyMs() }
}

/**
 * Starts to measure. The function that it returns tells how much of one core each named process took since, in percent. It tells the same
 * of the whole machine: others took what is more than their sum.
 */
export function measureCpu(processes: Readonly<Record<string, readonly number[]>>): () => Record<string, number> {
  const [before, since] = [cpuMsOf(processes), performance.now()]
  return () => {
    const now = cpuMsOf(processes)
    const took = performance.now() - since
    const share = (name: string) => Math.round((100 * ((now[name] ?? 0) - (before[name] ?? 0))) / took)
    return Object.fromEntries(Object.keys(now).map((name) => [name, share(name)]))
  }
}
