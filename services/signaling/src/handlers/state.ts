import type { RoomChange } from '@parley/contracts'
import { sendTo, type Context } from '../node/context.ts'
import type { LiveRoom } from '../room/live-room.ts'
import { ack, type Handler } from './call.ts'

export const updateMedia: Handler<'media.update'> = async ({ session: { room, local }, payload }) => {
  await room.submit({ kind: 'media', by: local.participantId, changed: payload })
  return ack
}

export const raiseHand: Handler<'hand.raise'> = async ({ session: { room, local } }) => {
  await room.submit({ kind: 'hand', by: local.participantId, raised: true })
  return ack
}

export const lowerHand: Handler<'hand.lower'> = async ({ session: { room, local } }) => {
  await room.submit({ kind: 'hand', by: local.participantId, raised: false })
  return ack
}

export const mute: Handler<'moderation.mute'> = async ({ context, session: { room, local }, payload }) => {
  const { participantId: target, kind: media } = payload
  const { changes } = await room.submit({ kind: 'mute', by: local.participantId, target, media })
  tellMuted(context, room, changes, payload.kind)
  return ack
}

export const muteAll: Handler<'moderation.muteAll'> = async ({
  context,
  session: { room, local },
  payload: { kind },
}) => {
  const { changes } = await room.submit({ kind: 'mute-all', by: local.participantId, media: kind })
  tellMuted(context, room, changes, kind)
  return { type: 'ack', payload: { count: changes.length } }
}

function tellMuted(
  context: Context,
  room: LiveRoom,
  changes: readonly RoomChange[],
  kind: 'mic' | 'cam' | 'screen',
): void {
  for (const change of changes) {
    if (change.kind !== 'media' || change.by === undefined) continue
    sendTo(context, room, {
      to: change.participantId,
      message: { type: 'moderation.muted', payload: { kind, by: change.by } },
    })
  }
}

export const spotlight: Handler<'moderation.spotlight'> = async ({ session: { room, local }, payload }) => {
  const { participantId: target, on } = payload
  await room.submit({ kind: 'spotlight', by: local.participantId, target, on })
  return ack
}

export const lowerHandOf: Handler<'moderation.lowerHand'> = async ({ session: { room, local }, payload }) => {
  await room.submit({ kind: 'lower-hand', by: local.participantId, target: payload.participantId })
  return ack
}
