import { filesOperations } from './files.ts'
import type { Operations } from './operation.ts'

/** What the media service serves: files, the SFU, recordings. */
export const mediaOperations = { ...filesOperations } as const satisfies Operations
