import { signalingBus, type Message } from '@parley/contracts'
import { publish, type Bus, type Logger } from '@parley/kit'

/**
 * Tells the room what was committed. The answer does not depend on it: the numbers tell a client what it missed.
 * `again`: what was there already, for its announcement may have been lost with the process that stored it.
 */
export function announce(
  { bus, log }: { bus: Bus; log: Logger },
  type: 'chat.message' | 'chat.updated',
  news: { meetingId: string; message: Message; again: boolean },
): void {
  const { meetingId, message, again } = news
  try {
    publish(bus, signalingBus.roomChat, { meetingId }, { kind: 'chat', type, message, ...(again && { again }) })
  } catch (error) {
    log.warn({ err: error, messageId: message.id }, 'cannot tell the room of a message')
  }
}
