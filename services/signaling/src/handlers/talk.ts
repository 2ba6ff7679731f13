import { chatBus, may, signalingBus, type Participant } from '@parley/contracts'
import { request, ProblemError, publish } from '@parley/kit'
import { sendTo } from '../node/context.ts'
import { noteAndTell } from '../room/chat-heads.ts'
import { showEphemeral } from '../room/registry.ts'
import { ack, type Call, type Handler, type SessionFor } from './call.ts'

/** Waits for nothing while the receiver is known: what one sends first goes out first. */
export const signal: Handler<'rtc.signal'> = (call) => (pass(call) ? ack : passLater(call))

function pass({ context, session: { room, local }, payload: { to, data }, request }: Call<'rtc.signal'>): boolean {
  if (room.state.seats.get(local.participantId)?.node !== context.node)
    throw new ProblemError('wrong-state', 'This session has been resumed elsewhere')
  return sendTo(context, room, {
    to,
    message: { type: 'rtc.signal', payload: { from: local.participantId, data } },
    request,
  })
}

/** A receiver who is not known here may have come in elsewhere just now. */
async function passLater(call: Call<'rtc.signal'>): Promise<typeof ack> {
  await call.session.room.submit({ kind: 'confirm' })
  if (!pass(call)) throw new ProblemError('peer-not-found')
  return ack
}

export const sendChat: Handler<'chat.send'> = async ({ context, session, payload }) => {
  const { userId, name, guest } = await writerOrThrow(session)
  const { meetingId } = session.room
  const sender = { id: userId, name, guest }
  const { message } = await request(context.bus, chatBus.send, { meetingId, sender, ...payload })
  noteAndTell(session.room, message, context.clock)
  return { type: 'chat.accepted', payload: { messageId: message.id, seq: message.seq, sentAt: message.sentAt } }
}

export const editChat: Handler<'chat.edit'> = async ({ context, session, payload }) => {
  const { userId } = await writerOrThrow(session)
  const { message } = await request(context.bus, chatBus.edit, {
    meetingId: session.room.meetingId,
    userId,
    ...payload,
  })
  noteAndTell(session.room, message, context.clock)
  return ack
}

/** Also where chat is off: what one has said one may take back. */
export const deleteChat: Handler<'chat.delete'> = async ({ context, session, payload }) => {
  const { userId, role } = await participantOrThrow(session)
  const deletion = { meetingId: session.room.meetingId, userId, moderator: may(role, 'moderate'), ...payload }
  const { message } = await request(context.bus, chatBus.delete, deletion)
  noteAndTell(session.room, message, context.clock)
  return ack
}

type Joined = SessionFor<'chat.send'>

async function participantOrThrow({ room, local }: Joined): Promise<Participant> {
  const participant = await room.find(({ seats }) => seats.get(local.participantId)?.participant)
  if (!participant) throw new ProblemError('wrong-state', 'You are not in the room any more')
  return participant
}

/** Somebody who may write in the chat. */
async function writerOrThrow({ room, local }: Joined): Promise<Participant> {
  const writer = await room.find(({ meeting, seats }) => {
    const participant = seats.get(local.participantId)?.participant
    return participant && (meeting?.settings.chat !== false || participant.role === 'host') ? participant : undefined
  })
  if (writer) return writer
  throw room.state.seats.has(local.participantId)
    ? new ProblemError('forbidden', 'Chat is off in this meeting')
    : new ProblemError('wrong-state', 'You are not in the room any more')
}

export const typing: Handler<'chat.typing'> = ({ context, session: { room, local }, payload }) => {
  const news = {
    kind: 'typing',
    node: context.node,
    participantId: local.participantId,
    typing: payload.typing,
  } as const
  showEphemeral(room, news)
  publish(context.bus, signalingBus.room, { meetingId: room.meetingId }, news)
  return null
}

export const react: Handler<'reaction.send'> = ({ context, session: { room, local }, payload }) => {
  const news = {
    kind: 'reaction',
    node: context.node,
    participantId: local.participantId,
    reaction: payload.reaction,
  } as const
  showEphemeral(room, news)
  publish(context.bus, signalingBus.room, { meetingId: room.meetingId }, news)
  return ack
}
