import type { Progress } from '../../services/signaling/src/testing/explorer/explore.ts'
import type { Catch } from '../../services/signaling/src/testing/explorer/hunt.ts'

const shownOfEach = 5

export const progressLine = ({ found, ran, seconds }: Progress): string =>
  `… ${ran} schedules, ${(ran / seconds).toFixed(0)}/s, ${found.length} in which something did not hold`

export const foundLine = ({ faults, index }: Progress['found'][number], seed: number): string =>
  `  npm run explore -- --seed ${seed} --trace ${index}   ${faults[0]?.check}: ${faults[0]?.detail.slice(0, 160) ?? ''}`

/** A row of the table of mutants: which, after how many schedules, and what said so. */
export const caughtLine = ({ after, check, id, without }: Catch): string =>
  `${id.padEnd(4)} ${after === null ? 'NOT FOUND' : `after ${String(after).padStart(5)}: ${check}`.padEnd(32)} without ${without}`

/** The report of a run, with the promises that did not hold. */
export function reportLines({ did, found, ran, seconds, simulatedMs, tasks }: Progress, seed: number): string[] {
  const hours = simulatedMs / 3_600_000
  const lines = [
    `${ran} schedules in ${seconds.toFixed(1)} s (${(ran / seconds).toFixed(0)}/s): ${hours.toFixed(1)} simulated hours, ${tasks} tasks`,
    ...[...did].toSorted(([, a], [, b]) => b - a).map(([what, count]) => `  ${String(count).padStart(8)} ${what}`),
  ]
  const byCheck = Map.groupBy(found, ({ faults }) => faults[0]?.check ?? '')
  for (const [check, all] of byCheck) {
    lines.push(`${check}: ${all.length}`)
    for (const found of all.slice(0, shownOfEach)) lines.push(foundLine(found, seed))
  }
  return [
    ...lines,
    found.length === 0 ? 'everything held' : `${found.length} schedules in which something did not hold`,
  ]
}
