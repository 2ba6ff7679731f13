import { Transform } from 'node:stream'
import { SizeMismatchError } from './objects.ts'

/** Passes bytes on, and fails with SizeMismatchError once it is sure that they will not be `sizeBytes`. */
export function counted(sizeBytes: number): Transform {
  let size = 0
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      size += chunk.length
      if (size > sizeBytes) done(new SizeMismatchError(sizeBytes))
      else done(null, chunk)
    },
    flush(done) {
      done(size === sizeBytes ? null : new SizeMismatchError(sizeBytes))
    },
  })
}
