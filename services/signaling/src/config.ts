import { Strict } from '@parley/contracts'
import { commonConfig, iceConfig } from '@parley/kit'
import Type, { type Static } from 'typebox'

export const signalingConfig = Strict({
  ...commonConfig,
  ...iceConfig,
  MAX_SOCKETS: Type.Integer({
    default: 20_000,
    minimum: 1,
    maximum: 1_000_000,
    description: 'sockets on this node; more are answered 503',
  }),
  MAX_STREAMS: Type.Integer({
    default: 10_000,
    minimum: 1,
    maximum: 1_000_000,
    description: 'event streams on this node; more are answered 503',
  }),
  SFU_FROM_PEOPLE: Type.Integer({
    default: 5,
    minimum: 2,
    maximum: 1_000,
    description: 'a meeting of topology auto moves from mesh to the SFU when this many people are in it',
  }),
})
export type SignalingConfig = Static<typeof signalingConfig>
