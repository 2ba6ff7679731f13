import { createReadStream } from 'node:fs'
import { Readable } from 'node:stream'
import type { ByteRange } from './objects.ts'

export interface StoredPart {
  path: string
  sizeBytes: number
}

/** Reads files one behind the other, from one byte to another; opens each when its turn has come. */
export const readParts = (parts: readonly StoredPart[], range?: ByteRange): Readable =>
  Readable.from(bytesOf(parts, range ?? { from: 0, to: Infinity }), { objectMode: false })

async function* bytesOf(parts: readonly StoredPart[], { from, to }: ByteRange): AsyncGenerator<Buffer> {
  let begin = 0
  for (const { path, sizeBytes } of parts) {
    const start = Math.max(0, from - begin)
    const end = Math.min(sizeBytes - 1, to - begin)
    begin += sizeBytes
    if (start <= end) yield* createReadStream(path, { start, end }) as AsyncIterable<Buffer>
  }
}
