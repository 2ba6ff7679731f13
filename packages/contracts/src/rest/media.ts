import { filesOperations } from './files.ts'
import type { Operations } from './operation.ts'
import { recordingsOperations } from './recordings.ts'
import { sfuOperations } from './sfu.ts'

/** The operations of the media service: files, the SFU, recordings. */
export const mediaOperations = {
  ...filesOperations,
  ...sfuOperations,
  ...recordingsOperations,
} as const satisfies Operations
