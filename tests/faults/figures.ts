/** A measured figure beside its bound. */
export interface Figure {
  what: string
  unit: string
  /** `most`: the figure must not be above; `least`: not below; neither: only told. */
  bound: { most?: number; least?: number }
  /** Which of the values is compared with the bound. */
  of: 'p50' | 'p95' | 'p99' | 'max' | 'value'
  n: number
  p50: number
  p95: number
  max: number
  value: number
  pass: boolean
}

/** The smallest value that at least this share (0 to 1) of all are not above; NaN of none (nearest rank). */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN
}

interface Measured {
  unit?: string
  of?: Figure['of']
  most: number
  /** Nothing to measure is fine; otherwise it is a failure. */
  mayBeNone?: boolean
}

/** Values of which the worst (or another percentile) must not be above a bound; milliseconds unless told. */
export function atMost(what: string, values: readonly number[], options: Measured): Figure {
  const { unit = 'ms', of = 'max', most, mayBeNone = false } = options
  const all = { p50: percentile(values, 0.5), p95: percentile(values, 0.95), max: percentile(values, 1) }
  const value = of === 'p99' ? percentile(values, 0.99) : of === 'value' ? all.max : all[of]
  const pass = values.length === 0 ? mayBeNone : value <= most
  return { what, unit, bound: { most }, of, n: values.length, ...all, value, pass }
}

/** One number with a bound. */
export function single(what: string, value: number, bound: Figure['bound'], unit = ''): Figure {
  const pass = value <= (bound.most ?? Infinity) && value >= (bound.least ?? -Infinity)
  return { what, unit, bound, of: 'value', n: 1, p50: value, p95: value, max: value, value, pass }
}

/** Something that must not happen at all. */
export const none = (what: string, count: number): Figure => single(what, count, { most: 0 })

/** `part` of `whole` in percent; a whole of nothing fails. */
export const share = (what: string, part: number, whole: number, least: number): Figure =>
  single(`${what} (${part} of ${whole})`, whole === 0 ? Number.NaN : (part / whole) * 100, { least }, '%')

/** As people read it: whole from 100 on, else with one decimal; a value that never came is `never`. */
export function round(value: number): string {
  if (!Number.isFinite(value)) return 'never'
  return String(Math.abs(value) >= 100 ? Math.round(value) : Math.round(value * 10) / 10)
}

export function boundOf({ bound: { most, least }, unit, of, n }: Figure): string {
  const limits = [...(least === undefined ? [] : [`≥ ${least}`]), ...(most === undefined ? [] : [`≤ ${most}`])]
  const which = n > 1 && of !== 'max' ? ` (${of})` : ''
  return limits.length === 0 ? 'told only' : `${limits.join(', ')}${unit && ` ${unit}`}${which}`
}

export function measuredOf({ n, p50, p95, max, value, of, unit }: Figure): string {
  if (n === 0) return 'nothing'
  const values = n === 1 ? round(value) : `p50 ${round(p50)}, p95 ${round(p95)}, max ${round(max)}`
  const more = of === 'p99' ? `, p99 ${round(value)}` : ''
  return `${values}${more}${unit && ` ${unit}`}${n > 1 ? ` of ${n}` : ''}`
}

/** A line: what, bound, what was measured, and whether that is within. */
export const lineOf = (figure: Figure): string =>
  `  ${figure.pass ? 'ok  ' : 'FAIL'} ${figure.what}: ${boundOf(figure)}; measured ${measuredOf(figure)}`
