import type { mediaOperations } from '@parley/contracts'
import type { Handlers } from '@parley/kit'
import type { RecordingService } from './recordings/service.ts'
import type { SfuService } from './sfu/service.ts'

interface Parts {
  sfu: Pick<SfuService, 'handlers'>
  recordings: Pick<RecordingService, 'handlers'>
}

/** REST: one handler for each operation. */
export const mediaHandlers = ({ sfu, recordings }: Parts): Handlers<typeof mediaOperations> => ({
  ...sfu.handlers,
  ...recordings.handlers,
})
