import { authenticate } from './auth.ts'
import type { Handlers } from './call.ts'
import { admit, admitAll, reject, removeParticipant, setRole } from './moderation.ts'
import { endMeeting, join, leave, resume, sync } from './room.ts'
import { lowerHand, lowerHandOf, mute, muteAll, raiseHand, updateMedia } from './state.ts'
import { react, sendChat, signal, typing } from './talk.ts'

/** One handler per message of the contract; leaving one out, or answering with the wrong shape, does not compile. */
export const handlers = {
  'auth.authenticate': authenticate,
  'room.join': join,
  'room.resume': resume,
  'room.sync': sync,
  'room.leave': leave,
  'rtc.signal': signal,
  'media.update': updateMedia,
  'chat.send': sendChat,
  'chat.typing': typing,
  'reaction.send': react,
  'hand.raise': raiseHand,
  'hand.lower': lowerHand,
  'moderation.mute': mute,
  'moderation.muteAll': muteAll,
  'moderation.lowerHand': lowerHandOf,
  'moderation.remove': removeParticipant,
  'moderation.role': setRole,
  'lobby.admit': admit,
  'lobby.reject': reject,
  'lobby.admitAll': admitAll,
  'meeting.end': endMeeting,
  pong: () => null,
  ping: ({ context }) => ({ type: 'pong', payload: { serverTime: new Date(context.clock.now()).toISOString() } }),
} satisfies Handlers
