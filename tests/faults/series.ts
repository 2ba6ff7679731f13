import type { Fault } from './fault.ts'
import type { Figure } from './figures.ts'
import type { Outcome } from './run.ts'

/** The seeds of so many runs: the first is the one that was asked for, so that each can be run again by itself. */
export const seedsOf = (seed: number, runs: number): number[] =>
  Array.from({ length: runs }, (_, index) => (seed + index) % 2 ** 32)

/** How many runs passed before one failed, or the end. */
export function passedInARow(runs: readonly Pick<Outcome, 'passed'>[]): number {
  const failed = runs.findIndex(({ passed }) => !passed)
  return failed === -1 ? runs.length : failed
}

/** One line about all runs of a fault. */
export function seriesLine({ id }: Pick<Fault, 'id'>, runs: readonly Pick<Outcome, 'passed' | 'seed'>[]): string {
  const inARow = passedInARow(runs)
  const failed = runs.filter(({ passed }) => !passed).map(({ seed }) => seed)
  const times = (count: number): string => (count === 1 ? 'one run' : `${count} runs`)
  if (failed.length === 0) return `${id}: ${times(runs.length)} in a row passed`
  return `${id}: ${times(inARow)} in a row, then one failed; in all ${failed.length} of ${runs.length} (seed ${failed.join(', ')})`
}

/**
 * For each figure the run that was furthest from what is promised: one that broke its bound, else the highest (`most`) or
 * the lowest (`least`). A value that JSON has no word for counts as one that never came.
 */
export function worstFigures(runs: readonly Pick<Outcome, 'figures'>[]): Figure[] {
  const most = Math.max(0, ...runs.map(({ figures }) => figures.length))
  return Array.from({ length: most }, (_, index) => runs.flatMap(({ figures }) => figures[index] ?? [])).flatMap(
    (measured) => measured.toSorted((one, other) => badness(other) - badness(one))[0] ?? [],
  )
}

function badness({ pass, value, bound }: Figure): number {
  const finite = Number.isFinite(value) ? value : Infinity
  if (!pass) return Infinity
  return bound.most === undefined && bound.least !== undefined ? -finite : finite
}
