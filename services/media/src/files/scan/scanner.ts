import type { Readable } from 'node:stream'

/** Looks for viruses. */
export interface Scanner {
  /** Reads all of the bytes. @throws FileRefusedError when it finds something, ProblemError `unavailable` when it cannot look */
  checkOrThrow(bytes: Readable): Promise<void>
}
