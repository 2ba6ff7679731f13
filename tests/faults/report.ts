import { arch, cpus, platform, release, totalmem } from 'node:os'
import { lineOf } from './figures.ts'
import type { Verdict } from './history/check.ts'
import type { Outcome } from './run.ts'

const mostBreaches = 5

/** A run as people read it. */
export function textOf({ fault, seed, size, figures, verdicts, passed, seconds, remarks = [] }: Outcome): string {
  const { rooms, clients, chat, state, signals } = size
  const rates = `${chat} chat/s, ${state} state changes/s, ${signals} signals/s`
  const lines = [
    `${fault.id} ${fault.title}: ${passed ? 'PASSED' : 'FAILED'} (${seconds.toFixed(0)} s in all)`,
    `  ${fault.promise}`,
    `  load: ${rooms} rooms × ${clients} clients, ${rates}, ${size.seconds} s; seed ${seed}`,
    ...figures.map(lineOf),
    ...remarks.map((remark) => `  note: ${remark}`),
    ...(fault.field === undefined ? [] : [`  the field: ${fault.field}`]),
    ...verdicts.flatMap(linesOf),
  ]
  return `${lines.join('\n')}\n`
}

function linesOf({ id, promise, looked, breaches }: Verdict): string[] {
  const found = breaches.length === 0 ? '' : `, ${breaches.length} breaches`
  const line = `  ${breaches.length === 0 ? 'ok  ' : 'FAIL'} ${id} ${promise} (${looked} looked at${found})`
  return [line, ...breaches.slice(0, mostBreaches).map((breach) => `         ${breach}`)]
}

/** Where and when it was measured. */
export const machine = () => ({
  date: new Date().toISOString(),
  node: process.version,
  system: `${platform()} ${release()} ${arch()}`,
  cpu: cpus()[0]?.model ?? 'unknown',
  cores: cpus().length,
  memoryMib: Math.round(totalmem() / 1_048_576),
})
