import { chatBus, signalingBus } from '@parley/contracts'
import { ask, ProblemError, tell } from '@parley/kit'
import { sendTo } from '../context.ts'
import { showPassing } from '../room/registry.ts'
import { ack, type Handler } from './call.ts'

/** Never waits: what one sends first goes out first. */
export const signal: Handler<'rtc.signal'> = ({ context, session: { room, local }, payload: { to, data } }) => {
  const sent = sendTo(context, room, to, { type: 'rtc.signal', payload: { from: local.participantId, data } })
  if (!sent) throw new ProblemError('peer-not-found')
  return ack
}

export const sendChat: Handler<'chat.send'> = async ({ context, session: { room, local }, payload }) => {
  const { state, meetingId } = room
  const participant = state.seats.get(local.participantId)?.participant
  if (!participant) throw new ProblemError('wrong-state', 'You are not in the room any more')
  if (state.meeting?.settings.chat === false && participant.role !== 'host')
    throw new ProblemError('forbidden', 'Chat is off in this meeting')
  const sender = { id: participant.userId, name: participant.name }
  const { message } = await ask(context.bus, chatBus.send, { meetingId, sender, ...payload })
  return { type: 'chat.accepted', payload: { messageId: message.id, seq: message.seq, sentAt: message.sentAt } }
}

export const typing: Handler<'chat.typing'> = ({ context, session: { room, local }, payload }) => {
  const news = {
    kind: 'typing',
    node: context.node,
    participantId: local.participantId,
    typing: payload.typing,
  } as const
  showPassing(room, news)
  tell(context.bus, signalingBus.room, { meetingId: room.meetingId }, news)
  return null
}

export const react: Handler<'reaction.send'> = ({ context, session: { room, local }, payload }) => {
  const news = {
    kind: 'reaction',
    node: context.node,
    participantId: local.participantId,
    reaction: payload.reaction,
  } as const
  showPassing(room, news)
  tell(context.bus, signalingBus.room, { meetingId: room.meetingId }, news)
  return ack
}
