import { Strict } from '@parley/contracts'
import { commonConfig } from '@parley/kit'
import Type, { type Static } from 'typebox'

export const chatConfig = Strict({
  ...commonConfig,
  CHAT_LIMIT_MESSAGES: Type.Integer({
    default: 100,
    minimum: 0,
    maximum: 1_000_000,
    description: 'messages and edits of one person in one meeting per CHAT_LIMIT_SECONDS; 0 is no limit',
  }),
  CHAT_LIMIT_SECONDS: Type.Integer({
    default: 5,
    minimum: 1,
    maximum: 3600,
    description: 'the window of CHAT_LIMIT_MESSAGES; who sends more is told how long to wait',
  }),
  CHAT_RETENTION_DAYS: Type.Integer({
    default: 0,
    minimum: 0,
    maximum: 36_500,
    description: 'how long messages are kept after they were sent; 0: for ever',
  }),
})
export type ChatConfig = Static<typeof chatConfig>
