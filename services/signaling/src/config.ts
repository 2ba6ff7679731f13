import { Strict } from '@parley/contracts'
import { commonConfig } from '@parley/kit'
import Type, { type Static } from 'typebox'
import { defaultSeatsPerPerson } from './room/places.ts'

export const signalingConfig = Strict({
  ...commonConfig,
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
  ICE_SERVER_URLS: Type.Array(Type.String({ pattern: '^(stun|stuns|turn|turns):' }), {
    default: [],
    description: 'servers told to clients that need no credentials, e.g. stun:stun.example.com:3478',
  }),
  TURN_URLS: Type.Array(Type.String({ pattern: '^turns?:' }), {
    default: [],
    description: 'TURN servers that share TURN_SECRET, e.g. turn:turn.example.com:3478',
  }),
  TURN_SECRET: Type.Optional(
    Type.String({
      minLength: 16,
      description: 'the TURN servers’ static-auth-secret, for credentials that run out',
      secret: true,
    }),
  ),
  TURN_TTL_SECONDS: Type.Integer({
    default: 3_600,
    minimum: 60,
    maximum: 86_400,
    description: 'life of TURN credentials; they are pushed again at 80 % of it',
  }),
})
export type SignalingConfig = Static<typeof signalingConfig>
