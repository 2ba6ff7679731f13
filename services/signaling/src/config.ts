import { Strict } from '@parley/contracts'
import { commonConfig } from '@parley/kit'
import Type, { type Static } from 'typebox'

export const signalingConfig = Strict({
  ...commonConfig,
  MAX_SOCKETS: Type.Integer({
    default: 20_000,
    minimum: 1,
    maximum: 1_000_000,
    description: 'sockets on this node; more are answered 503',
  }),
  ICE_SERVER_URLS: Type.Array(Type.String({ pattern: '^(stun|stuns|turn|turns):' }), {
    default: [],
    description: 'STUN and TURN servers told to clients, e.g. stun:stun.example.com:3478',
  }),
})
export type SignalingConfig = Static<typeof signalingConfig>
