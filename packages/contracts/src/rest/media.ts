import type { Operations } from './operation.ts'
import { sfuOperations } from './sfu.ts'

/** What the media service serves: files, the SFU, recordings. */
export const mediaOperations = { ...sfuOperations } as const satisfies Operations
