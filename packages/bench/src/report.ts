import { loadAverage, machine } from './machine.ts'

export const say = (line: string): void => void process.stdout.write(`${line}\n`)

/** The head of a benchmark: its promise's id, what is done, and on what. */
export function head(id: string, what: string): void {
  say(`\n${id}: ${what}`)
  say(`    ${machine()}`)
}

/** One measured figure, with the load of the machine beside it. */
export function row(name: string, figures: string): void {
  say(`  ${name.padEnd(34)} ${figures}   (load ${loadAverage()})`)
}

/** A figure against its goal, which it may not exceed. Returns whether it is met. */
export function atMost(what: string, figure: number, goal: number): boolean {
  const met = figure <= goal
  say(`  → ${what}: ${figure.toFixed(2)}, goal ≤ ${goal}: ${met ? 'met' : 'NOT MET'}`)
  return met
}

/** A figure against its goal, which it has to reach. Returns whether it is met. */
export function atLeast(what: string, figure: number, goal: number): boolean {
  const met = figure >= goal
  say(`  → ${what}: ${figure.toFixed(2)}, goal ≥ ${goal}: ${met ? 'met' : 'NOT MET'}`)
  return met
}

/** The value below which `share` of the values are; they are sorted here. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((one, other) => one - other)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

export const micros = (value: number): string => `${value.toFixed(2).padStart(7)} µs`
export const millis = (value: number): string => `${value.toFixed(2).padStart(8)} ms`
