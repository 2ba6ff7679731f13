import { createReadStream } from 'node:fs'
import type { Objects } from '@parley/kit'
import type { Film } from './film/film.ts'

/** S3 takes 10,000 parts at most, of 5 MiB at least. */
const leastPartBytes = 16 * 1024 * 1024
const mostParts = 9_000

/** Stores a film in parts: nothing of it shows before all of it is there. */
export async function upload(
  objects: Objects,
  key: string,
  { file, sizeBytes, contentType }: Pick<Film, 'file' | 'sizeBytes' | 'contentType'>,
  signal: AbortSignal,
): Promise<void> {
  const partBytes = Math.max(leastPartBytes, Math.ceil(sizeBytes / mostParts))
  const parts = await objects.multipart(key, { contentType })
  try {
    for (let [number, from] = [1, 0]; from < sizeBytes; number += 1, from += partBytes) {
      const to = Math.min(from + partBytes, sizeBytes)
      await parts.put(number, createReadStream(file, { start: from, end: to - 1 }), { sizeBytes: to - from, signal })
    }
    await parts.complete()
  } catch (error) {
    // The upload that it began is of no use; a storage that is away forgets it by its own rules.
    await parts.abort().catch(() => undefined)
    throw error
  }
}
