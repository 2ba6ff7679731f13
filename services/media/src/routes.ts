import type { mediaOperations } from '@parley/contracts'
import type { Handlers } from '@parley/kit'
import type { SfuService } from './sfu/service.ts'

/** REST: one handler for each operation. */
export const mediaHandlers = ({ sfu }: { sfu: Pick<SfuService, 'handlers'> }): Handlers<typeof mediaOperations> => ({
  ...sfu.handlers,
})
