import { Strict } from '@parley/contracts'
import { commonConfig, iceConfig } from '@parley/kit'
import type { Static } from 'typebox'
import { filesConfig } from './files/config.ts'
import { janusConfig } from './janus/janus-config.ts'
import { recordingsConfig } from './recordings/recordings-config.ts'
import { sfuConfig } from './sfu/sfu-config.ts'

export const mediaConfig = Strict({
  ...commonConfig,
  ...iceConfig,
  ...janusConfig,
  ...sfuConfig,
  ...filesConfig,
  ...recordingsConfig,
})
export type MediaConfig = Static<typeof mediaConfig>
