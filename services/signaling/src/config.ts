import { Strict } from '@parley/contracts'
import { commonConfig, iceConfig } from '@parley/kit'
import Type, { type Static } from 'typebox'
import { defaultSeatsPerPerson } from './room/places.ts'

export const signalingConfig = Strict({
  ...commonConfig,
  ...iceConfig,
  MAX_SOCKETS: Type.Integer({
    default: 20_000,
    minimum: 1,
    maximum: 1_000_000,
    description: 'sessions of sockets at this node; more are refused with 503',
  }),
  MAX_STREAMS: Type.Integer({
    default: 10_000,
    minimum: 1,
    maximum: 1_000_000,
    description: 'event streams on this node; more are answered 503',
  }),
  MAX_SOCKETS_PER_PERSON: Type.Integer({
    default: 50,
    minimum: 1,
    maximum: 1_000_000,
    description:
      'sockets of one account or guest on this node, a quarter of MAX_SOCKETS at most; more are answered 429',
  }),
  MAX_SEATS_PER_PERSON: Type.Integer({
    default: defaultSeatsPerPerson,
    minimum: 1,
    maximum: 100,
    description: 'places that one account or guest may hold in a meeting at once, one per device',
  }),
  SFU_FROM_PEOPLE: Type.Integer({
    default: 5,
    minimum: 2,
    maximum: 1_000,
    description: 'a meeting of topology auto moves from mesh to the SFU when this many people are in it',
  }),
})
export type SignalingConfig = Static<typeof signalingConfig>
