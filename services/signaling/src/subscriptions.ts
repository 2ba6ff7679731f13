import { signalingBus } from '@parley/contracts'
import { answer, at, listen, type BusSubscription } from '@parley/kit'
import type { Context } from './context.ts'
import { textFrame } from './room/frames.ts'

/** What this node does for other nodes and services. */
export const subscribe = (context: Context): BusSubscription[] => {
  const { bus, log, node, rooms } = context
  return [
    answer(
      bus,
      signalingBus.command,
      'signaling',
      async ({ meetingId, command }) => {
        const room = await rooms.open(meetingId)
        if (room.state.v > 0) await room.submit(command)
        return {}
      },
      log,
    ),
    listen(
      bus,
      signalingBus.relay,
      { node },
      ({ meetingId, to, message }) => {
        const signal = message.type === 'rtc.signal' ? (message.payload as { from: string; data: unknown }) : undefined
        rooms
          .peek(meetingId)
          ?.locals.get(to)
          ?.direct(textFrame(JSON.stringify(message)), signal)
      },
      log,
    ),
    answer(
      bus,
      at(signalingBus.takeOver, { node }),
      node,
      async ({ meetingId, participantId, sessionId }) => {
        const room = rooms.peek(meetingId)
        const local = room?.locals.get(participantId)
        if (!local || local.sessionId !== sessionId) return { signals: [] }
        room?.locals.delete(participantId)
        const signals = local.takeSignals()
        local.close('resumedElsewhere')
        return { signals }
      },
      log,
    ),
  ]
}
