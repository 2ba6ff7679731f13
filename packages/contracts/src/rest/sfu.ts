import Type, { type Static } from 'typebox'
import { Instant } from '../ids.ts'
import { IceServer } from '../ws/ice.ts'

/**
 * How one participant reaches the SFU of a meeting: Janus VideoRoom, through the gateway. `token` goes with every request to Janus,
 * `roomToken` with the `join` of the room. Both end at `expiresAt`; `sfu.changed` brings new ones before that.
 */
export const Sfu = Type.Object(
  {
    url: Type.String({ description: 'A WebSocket of the gateway' }),
    subprotocol: Type.Literal('janus-protocol'),
    token: Type.String(),
    room: Type.String(),
    roomToken: Type.String(),
    feed: Type.String({ description: 'The id to publish as: that of the participant' }),
    iceServers: Type.Array(IceServer),
    expiresAt: Instant,
  },
  { title: 'Sfu' },
)
export type Sfu = Static<typeof Sfu>
