import type { mediaOperations } from '@parley/contracts'
import type { Handlers } from '@parley/kit'
import type { Files } from './files/files.ts'
import type { SfuService } from './sfu/service.ts'

interface Domains {
  files: Pick<Files, 'handlers'>
  sfu: Pick<SfuService, 'handlers'>
}

/** REST: one handler for each operation. */
export const mediaHandlers = ({ files, sfu }: Domains): Handlers<typeof mediaOperations> => ({
  ...files.handlers,
  ...sfu.handlers,
})
