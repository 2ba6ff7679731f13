import { authenticate } from './auth.ts'
import type { Handlers } from './call.ts'
import { admit, admitAll, reject, removeParticipant, setRole } from './moderation.ts'
import { resume } from './resume.ts'
import { endMeeting, join, leave, sync } from './room.ts'
import { lowerHand, lowerHandOf, mute, muteAll, raiseHand, spotlight, updateMedia } from './state.ts'
import { deleteChat, editChat, react, sendChat, signal, typing } from './talk.ts'

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
  'chat.edit': editChat,
  'chat.delete': deleteChat,
  'chat.typing': typing,
  'reaction.send': react,
  'hand.raise': raiseHand,
  'hand.lower': lowerHand,
  'moderation.mute': mute,
  'moderation.muteAll': muteAll,
  'moderation.lowerHand': lowerHandOf,
  'moderation.spotlight': spotlight,
  'moderation.remove': removeParticipant,
  'moderation.role': setRole,
  'lobby.admit': admit,
  'lobby.reject': reject,
  'lobby.admitAll': admitAll,
  'meeting.end': endMeeting,
  pong: ({ session }) => {
    if (session.state === 'joined') session.local.ponged()
    return null
  },
  ping: ({ context }) => ({ type: 'pong', payload: { serverTime: new Date(context.clock.now()).toISOString() } }),
} satisfies Handlers
