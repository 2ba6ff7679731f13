import { Strict } from '@parley/contracts'
import { commonConfig, iceConfig } from '@parley/kit'
import type { Static } from 'typebox'
import { janusConfig } from './janus/janus-config.ts'
import { sfuConfig } from './sfu/sfu-config.ts'

export const mediaConfig = Strict({ ...commonConfig, ...iceConfig, ...janusConfig, ...sfuConfig })
export type MediaConfig = Static<typeof mediaConfig>
