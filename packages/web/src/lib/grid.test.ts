import { describe, expect, test } from 'vitest'
import { aspectFor, layoutGrid } from './grid.ts'

const wide = { width: 1280, height: 720, gap: 8, aspect: [16 / 9, 16 / 9] as const }

describe('O8 layoutGrid', () => {
  test.each([
    [1, 1, 1],
    [2, 2, 1],
    [3, 2, 2],
    [4, 2, 2],
    [5, 3, 2],
    [6, 3, 2],
    [7, 3, 3],
    [8, 3, 3],
    [9, 3, 3],
  ])('%i people at 16:9 stand in %i columns and %i rows', (count, columns, rows) => {
    expect(layoutGrid({ ...wide, count })).toMatchObject({ columns, rows })
  })

  test('one person fills a place of the same shape', () => {
    expect(layoutGrid({ ...wide, count: 1 })).toEqual({ columns: 1, rows: 1, tileWidth: 1280, tileHeight: 720 })
  })

  test('two people stand beside each other when it is wide, above each other when it is tall', () => {
    expect(layoutGrid({ ...wide, count: 2 })).toMatchObject({ columns: 2, rows: 1 })
    expect(layoutGrid({ ...wide, width: 400, height: 700, count: 2 })).toMatchObject({
      columns: 1,
      rows: 2,
      tileWidth: 400,
    })
  })

  test('on a phone tiles get narrower to fill the height', () => {
    const aspect = aspectFor(360, 560)
    const two = layoutGrid({ width: 360, height: 560, gap: 8, count: 2, aspect })
    expect(two).toEqual({ columns: 1, rows: 2, tileWidth: 360, tileHeight: 276 })
    expect(layoutGrid({ width: 360, height: 560, gap: 8, count: 4, aspect })).toMatchObject({
      columns: 2,
      rows: 2,
      tileWidth: 176,
    })
  })

  test('never overflows, whatever the place and the number', () => {
    const sizes = (most: number, step: number) => Array.from({ length: Math.ceil(most / step) }, (_, i) => i * step)
    const places = sizes(1600, 97).flatMap((width) =>
      sizes(1200, 89).map((height) => ({ width, height, aspect: aspectFor(width, height) })),
    )
    const cases = places.flatMap((place) => Array.from({ length: 16 }, (_, i) => ({ ...place, gap: 8, count: i + 1 })))
    const wrong = cases.filter((input) => {
      const { columns, rows, tileWidth, tileHeight } = layoutGrid(input)
      const tooWide = tileWidth > 0 && columns * tileWidth + 8 * (columns - 1) > input.width
      const tooTall = tileHeight > 0 && rows * tileHeight + 8 * (rows - 1) > input.height
      return tooWide || tooTall || columns * rows < input.count
    })
    expect(wrong).toEqual([])
  })

  test('an empty roster', () => {
    expect(layoutGrid({ ...wide, count: 0 })).toMatchObject({ tileWidth: 0 })
    expect(layoutGrid({ ...wide, width: 0, height: 0, count: 3 })).toMatchObject({ tileWidth: 0, tileHeight: 0 })
  })
})
