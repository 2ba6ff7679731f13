import { Readable } from 'node:stream'

/** Cuts a stream into pieces that are read one after the other; nothing is kept but the chunk that a border runs through. */
export function splitStream(source: Readable): { next(sizeBytes: number): Readable } {
  const chunks = source.iterator({ destroyOnReturn: false }) as AsyncIterator<Buffer>
  let rest: Buffer | null = null

  async function* piece(sizeBytes: number): AsyncGenerator<Buffer> {
    for (let missing = sizeBytes; missing > 0;) {
      const chunk: Buffer | undefined = rest ?? (await nextOf(chunks))
      rest = null
      if (chunk === undefined) return
      const taken = chunk.subarray(0, missing)
      if (taken.length < chunk.length) rest = chunk.subarray(taken.length)
      missing -= taken.length
      yield taken
    }
  }
  return { next: (sizeBytes) => Readable.from(piece(sizeBytes), { objectMode: false }) }
}

async function nextOf(chunks: AsyncIterator<Buffer>): Promise<Buffer | undefined> {
  const next = await chunks.next()
  return next.done === true ? undefined : next.value
}
