import type { Operations } from './operation.ts'

/** What the media service serves: files, the SFU, recordings. */
export const mediaOperations = {} as const satisfies Operations
