/** A value at a time, in milliseconds. */
export interface Point {
  at: number
  value: number
}

/**
 * How steeply values rise, per millisecond: the slope of the line with the least squares of differences. NaN for fewer
 * than two moments.
 */
export function slopeOf(points: readonly Point[]): number {
  const meanAt = meanOf(points.map(({ at }) => at))
  const meanValue = meanOf(points.map(({ value }) => value))
  let products = 0
  let squares = 0
  for (const { at, value } of points) {
    products += (at - meanAt) * (value - meanValue)
    squares += (at - meanAt) ** 2
  }
  return squares === 0 ? Number.NaN : products / squares
}

/** How much values rise in `ms`, as a share of their mean: 0.01 is one percent. */
export const riseOf = (points: readonly Point[], ms: number): number =>
  (slopeOf(points) * ms) / meanOf(points.map(({ value }) => value))

const meanOf = (values: readonly number[]): number => values.reduce((sum, one) => sum + one, 0) / values.length
