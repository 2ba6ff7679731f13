import { describe, expect, it } from 'vitest'
import { riseOf, slopeOf } from './slope.ts'

const minute = 60_000
const line = (count: number, value: (index: number) => number) =>
  Array.from({ length: count }, (_, index) => ({ at: 1_700_000_000_000 + index * minute, value: value(index) }))

describe('the slope of what was measured', () => {
  it('T25 is that of the line, whenever it begins', () => {
    expect(slopeOf(line(30, (index) => 200 + index)) * minute).toBeCloseTo(1)
    expect(slopeOf(line(30, () => 200))).toBe(0)
  })

  it('T25 is not led astray by what goes up and down', () => {
    expect(slopeOf(line(31, (index) => 200 + index + (index % 2 === 0 ? 20 : -20))) * minute).toBeCloseTo(1, 0)
    expect(slopeOf(line(31, (index) => 200 - (index % 2 === 0 ? 20 : -20)))).toBeCloseTo(0)
  })

  it('T25 gives the slope as a share of the mean', () => {
    // From 190 to 210 in 20 minutes: 10 of 200 in each 10.
    expect(
      riseOf(
        line(21, (index) => 190 + index),
        10 * minute,
      ),
    ).toBeCloseTo(0.05)
  })

  it('T25 is unknown with less than two moments', () => {
    expect(slopeOf([])).toBeNaN()
    expect(slopeOf(line(1, () => 5))).toBeNaN()
  })
})
