/** In pixels from the top left of the picture; all are even, as 4:2:0 needs. */
export interface Rectangle {
  x: number
  y: number
  width: number
  height: number
}

export const frameSize = { width: 1280, height: 720 } as const

const even = (pixels: number): number => Math.floor(pixels / 2) * 2

/** The largest 16:9 rectangle in the middle of a cell. */
function inCell(x: number, y: number, width: number, height: number): Rectangle {
  const fitted = even(Math.min(width, (height * 16) / 9))
  const high = even((fitted * 9) / 16)
  return { x: even(x + (width - fitted) / 2), y: even(y + (height - high) / 2), width: fitted, height: high }
}

/** As many tiles of one size; a last row that is not full is in the middle. */
export function gridOf(count: number): Rectangle[] {
  if (count === 0) return []
  const columns = Math.ceil(Math.sqrt(count))
  const rows = Math.ceil(count / columns)
  const [width, height] = [frameSize.width / columns, frameSize.height / rows]
  return Array.from({ length: count }, (_, at) => {
    const row = Math.floor(at / columns)
    const inRow = Math.min(columns, count - row * columns)
    const left = (frameSize.width - inRow * width) / 2
    return inCell(left + (at % columns) * width, row * height, width, height)
  })
}

const smallTiles = 4

/** One that is large, and up to four beside it; alone it has all of the picture. */
export function stageOf(others: number): { large: Rectangle; small: Rectangle[] } {
  if (others === 0) return { large: { x: 0, y: 0, ...frameSize }, small: [] }
  const high = frameSize.height / smallTiles
  const column = (high * 16) / 9
  const large = inCell(0, 0, frameSize.width - column, frameSize.height)
  const small = Array.from({ length: Math.min(others, smallTiles) }, (_, at) =>
    inCell(frameSize.width - column, at * high, column, high),
  )
  return { large, small }
}
