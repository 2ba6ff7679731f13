import type { mediaOperations } from '@parley/contracts'
import type { Handlers } from '@parley/kit'
import type { Files } from './files/files.ts'

/** REST: one handler for each operation. */
export const mediaHandlers = ({ files }: { files: Files }): Handlers<typeof mediaOperations> => ({ ...files.handlers })
