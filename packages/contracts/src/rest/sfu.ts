import Type, { type Static } from 'typebox'
import { Id, Instant, Strict } from '../ids.ts'
import { IceServer } from '../ws/ice.ts'
import type { Operations } from './operation.ts'

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

export const sfuOperations = {
  janusToken: {
    method: 'GET',
    path: '/v1/meetings/:id/janus-token',
    summary: 'How I reach the SFU of a meeting that I am in the room of now',
    rows: ['V2'],
    auth: 'any',
    params: Strict({ id: Id }),
    query: Strict({
      participantId: Type.Optional(
        Type.Unsafe<Id>({ ...Id, description: 'Which of my places in the room; without it the newest' }),
      ),
    }),
    answers: { 200: Sfu },
    problems: ['forbidden', 'not-sfu', 'sfu-unavailable'],
    limit: { by: 'principal', points: 120, seconds: 60 },
  },
} as const satisfies Operations
