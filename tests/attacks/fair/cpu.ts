import { readdirSync, readFileSync } from 'node:fs'

/** A clock tick of /proc, ms. */
const tickMs = 10

/** CPU time that a process has taken, with its children that still run, ms; 0 once it is gone. */
function cpuOf(pid: number, children: ReadonlyMap<number, number[]>): number {
  const own = statOf(pid)?.cpuMs ?? 0
  return (children.get(pid) ?? []).reduce((sum, child) => sum + cpuOf(child, children), own)
}

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

/** Starts to measure; the function it returns tells how much of one core each of the named processes took since, in percent. */
export function measureCpu(processes: Readonly<Record<string, readonly number[]>>): () => Record<string, number> {
  const read = (): Record<string, number> => {
    const children = new Map<number, number[]>()
    for (const name of readdirSync('/proc').filter((one) => /^\d+$/.test(one))) {
      const parent = statOf(Number(name))?.parent ?? 0
      children.set(parent, [...(children.get(parent) ?? []), Number(name)])
    }
    const sum = (pids: readonly number[]) => pids.reduce((all, pid) => all + cpuOf(pid, children), 0)
    return Object.fromEntries(Object.entries(processes).map(([name, pids]) => [name, sum(pids)]))
  }
  const [before, since] = [read(), performance.now()]
  return () => {
    const now = read()
    const took = performance.now() - since
    const share = (name: string) => Math.round((100 * ((now[name] ?? 0) - (before[name] ?? 0))) / took)
    return Object.fromEntries(Object.keys(processes).map((name) => [name, share(name)]))
  }
}
