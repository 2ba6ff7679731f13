import { signalingBus, type Message } from '@parley/contracts'
import { tell, type Bus, type Logger } from '@parley/kit'

/**
 * Tells the room what was committed. What is answered does not depend on it: the numbers tell a client what it missed.
 */
export function announce(
  { bus, log }: { bus: Bus; log: Logger },
  type: 'chat.message' | 'chat.updated',
  news: { meetingId: string; message: Message },
): void {
  const { meetingId, message } = news
  try {
    tell(bus, signalingBus.room, { meetingId }, { kind: 'chat', type, message })
  } catch (error) {
    log.warn({ err: error, messageId: message.id }, 'cannot tell the room of a message')
  }
}
