import type { mediaOperations } from '@parley/contracts'
import type { Handlers } from '@parley/kit'

/** REST: one handler for each operation. */
export const mediaHandlers = (): Handlers<typeof mediaOperations> => ({})
