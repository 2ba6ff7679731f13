import { Strict } from '@parley/contracts'
import { commonConfig } from '@parley/kit'
import type { Static } from 'typebox'
import { filesConfig } from './files/config.ts'

export const mediaConfig = Strict({ ...commonConfig, ...filesConfig })
export type MediaConfig = Static<typeof mediaConfig>
