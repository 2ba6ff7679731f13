import { Strict } from '@parley/contracts'
import { commonConfig } from '@parley/kit'
import type { Static } from 'typebox'

export const mediaConfig = Strict({ ...commonConfig })
export type MediaConfig = Static<typeof mediaConfig>
