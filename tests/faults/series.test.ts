import { describe, expect, it } from 'vitest'
import { atMost, none, share, single } from './figures.ts'
import { passedInARow, seedsOf, seriesLine, worstFigures } from './series.ts'

const run = (seed: number, passed: boolean) => ({ seed, passed })

describe('several runs in a row', () => {
  it('have seeds of their own, of which the first is the one that was given', () => {
    expect(seedsOf(7, 3)).toEqual([7, 8, 9])
  })

  it('count up to the first that failed, and tell which did', () => {
    const runs = [run(7, true), run(8, true), run(9, false), run(10, true)]
    expect(passedInARow(runs)).toBe(2)
    expect(seriesLine({ id: 'T1' }, runs)).toBe('T1: 2 runs in a row, then one failed; in all 1 of 4 (seed 9)')
    expect(passedInARow(runs.slice(0, 2))).toBe(2)
    expect(seriesLine({ id: 'T1' }, runs.slice(0, 1))).toBe('T1: one run in a row passed')
  })

  it('are told by the worst of each figure: broken, high where it may not be high, low where it may not be low', () => {
    const figures = (back: number, left: number, resumed: number, told: number) => ({
      figures: [
        atMost('back', [1, back], { most: 10 }),
        none('left', left),
        share('resumed', resumed, 100, 95),
        single('told', told, {}),
      ],
    })
    const worst = worstFigures([figures(5, 0, 99, 1), figures(9, 1, 97, 3), figures(7, 0, 98, 2)])
    expect(worst.map(({ value }) => value)).toEqual([9, 1, 97, 3])
    const broken = worstFigures([figures(9, 0, 99, 1), figures(Infinity, 0, 94, 1)])
    expect(broken.map(({ pass }) => pass)).toEqual([false, true, false, true])
  })
})
