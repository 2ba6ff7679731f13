import type { mediaOperations } from '@parley/contracts'
import type { Handlers } from '@parley/kit'
import type { Files } from './files/files.ts'
import type { RecordingService } from './recordings/service.ts'
import type { SfuService } from './sfu/service.ts'

interface MediaComponents {
  files: Pick<Files, 'handlers'>
  sfu: Pick<SfuService, 'handlers'>
  recordings: Pick<RecordingService, 'handlers'>
}

/** REST: one handler for each operation. */
export const mediaHandlers = ({ files, sfu, recordings }: MediaComponents): Handlers<typeof mediaOperations> => ({
  ...files.handlers,
  ...sfu.handlers,
  ...recordings.handlers,
})
