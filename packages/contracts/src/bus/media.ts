import Type, { type Static } from 'typebox'
import { Id } from '../ids.ts'
import { Sfu } from '../rest/sfu.ts'
import { event, request } from './subject.ts'

/** A person's place in the SFU: one participant of one meeting at one Janus. */
export const JanusPlace = Type.Object({
  janusId: Type.String(),
  meetingId: Id,
  participantId: Id,
  userId: Id,
})
export type JanusPlace = Static<typeof JanusPlace>

/** The generation of a meeting's room in the SFU: it grows with every change of where the room is; 0 without one. */
const Generation = Type.Integer({ minimum: 0 })

export const mediaBus = {
  /**
   * How these participants, whom the asker has in the room, reach the SFU of the meeting. `base` is where clients reach the gateway.
   * `open`: a meeting without a room in the SFU gets one. The grants are without ICE servers: the asker has those. Problems:
   * `sfu-unavailable` (no Janus can take the room), `unavailable`.
   */
  sfu: request('media.sfu', {
    input: Type.Object({
      meetingId: Id,
      base: Type.String(),
      open: Type.Boolean(),
      participantIds: Type.Array(Id, { maxItems: 1_000 }),
    }),
    output: Type.Object({
      generation: Generation,
      grants: Type.Array(Type.Object({ participantId: Id, sfu: Sfu })),
    }),
    timeoutMs: 4_000,
  }),
  /** The generations of many meetings at once; those without a room in the SFU are left out. */
  sfuHeads: request('media.sfu-heads', {
    input: Type.Object({ meetingIds: Type.Array(Id, { maxItems: 1_000 }) }),
    output: Type.Object({ heads: Type.Array(Type.Object({ meetingId: Id, generation: Generation })) }),
  }),
  /** A meeting's room in the SFU is another than before. A hint: nodes ask for `sfuHeads` every few seconds, too. */
  sfuChanged: event('media.sfu-changed', Type.Object({ meetingId: Id, generation: Generation })),
  /**
   * Whether this user may reach the Janus as that participant now; its WebSocket and the room, for the gateway. Problems: `forbidden`
   * (not in the room, or the room is elsewhere), `unavailable`.
   */
  janusAccess: request('media.janus-access', {
    input: JanusPlace,
    output: Type.Object({ url: Type.String(), room: Type.String() }),
    timeoutMs: 2_500,
  }),
  /**
   * Which of these places have ended, by their index: the participant has left, or the room moved a while ago. `bitrates`: what each place
   * may send of video now, bits per second; 0: not known.
   */
  janusEnded: request('media.janus-ended', {
    input: Type.Object({ places: Type.Array(JanusPlace, { maxItems: 500 }) }),
    output: Type.Object({ ended: Type.Array(Type.Integer()), bitrates: Type.Optional(Type.Array(Type.Integer())) }),
    timeoutMs: 2_500,
  }),
  /**
   * The participant comes back with a new session: what an earlier one of theirs still publishes ends. The asker has checked the place.
   * Problem `unavailable`.
   */
  freeFeed: request('media.free-feed', {
    input: JanusPlace,
    output: Type.Object({}),
    timeoutMs: 2_500,
  }),
} as const
