import type { Verdict } from './check.ts'
import type { History, ProcessRecord } from './history.ts'

export interface MemoryBound {
  /** How much more a process may have at its end or on the way than at its first sample. */
  growthMib: number
}

/** H7: no process exited unexpectedly, no error went uncaught (the clients' included), memory is bounded. */
export function checkProcesses({ processes, clientFaults }: History, bound: MemoryBound): Verdict {
  const breaches = [
    ...processes.flatMap((one) => wrongWith(one, bound)),
    ...clientFaults.map((fault) => `in the clients' process nobody caught ${fault}`),
  ]
  const promise = `no unexpected exit, nothing uncaught, memory within +${bound.growthMib} MiB`
  return { id: 'H7', promise, looked: processes.length, breaches }
}

function wrongWith({ label, exits, faults, memory }: ProcessRecord, { growthMib }: MemoryBound): string[] {
  const grown = growthOf(memory)
  return [
    ...exits.filter(({ expected }) => !expected).map(({ how }) => `${label} ended with ${how}`),
    ...faults.map((line) => `${label}: ${line.slice(0, 300)}`),
    ...(grown > growthMib ? [`${label} grew by ${grown.toFixed(0)} MiB`] : []),
  ]
}

/** The most that was ever resident less what was at first, in MiB. */
export function growthOf(memory: ProcessRecord['memory']): number {
  const [first] = memory
  return first === undefined ? 0 : Math.max(...memory.map(({ mib }) => mib)) - first.mib
}
