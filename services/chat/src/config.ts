import { Strict } from '@parley/contracts'
import { commonConfig } from '@parley/kit'
import type { Static } from 'typebox'

export const chatConfig = Strict(commonConfig)
export type ChatConfig = Static<typeof chatConfig>
