export interface GridInput {
  /** Of the whole grid, in px. */
  width: number
  height: number
  count: number
  gap: number
  /** Width by height that a tile may have, from narrow to wide; the same twice for a fixed one. */
  aspect: readonly [min: number, max: number]
}
export interface Grid {
  columns: number
  rows: number
  /** Of one tile, in whole px. */
  tileWidth: number
  tileHeight: number
}

/** The arrangement of `count` equal tiles that makes them largest; of two as large, the one with fewer empty places. */
export function layoutGrid(input: GridInput): Grid {
  let best: Grid = { columns: 1, rows: Math.max(1, input.count), tileWidth: 0, tileHeight: 0 }
  for (let columns = 1; columns <= input.count; columns += 1) {
    const rows = Math.ceil(input.count / columns)
    const candidate = { columns, rows, ...fitTile(input, columns, rows) }
    if (better(candidate, best)) best = candidate
  }
  return best
}

function fitTile({ width, height, gap, aspect: [min, max] }: GridInput, columns: number, rows: number) {
  const cellWidth = Math.max(0, (width - gap * (columns - 1)) / columns)
  const cellHeight = Math.max(0, (height - gap * (rows - 1)) / rows)
  const tileWidth = Math.min(cellWidth, cellHeight * max)
  const tileHeight = Math.min(cellHeight, tileWidth / min)
  return { tileWidth: Math.floor(tileWidth), tileHeight: Math.floor(tileHeight) }
}

function better(a: Grid, b: Grid): boolean {
  const difference = a.tileWidth * a.tileHeight - b.tileWidth * b.tileHeight
  return difference === 0 ? a.columns * a.rows < b.columns * b.rows : difference > 0
}

/** Tiles are 16:9; where the grid is taller than wide (a phone), they may be as narrow as 3:4 to fill it. */
export function aspectFor(width: number, height: number): readonly [number, number] {
  return height > width * 1.1 ? [3 / 4, 16 / 9] : [16 / 9, 16 / 9]
}
