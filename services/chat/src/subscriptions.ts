import { chatBus } from '@parley/contracts'
import { answer, type Bus, type BusSubscription, type Logger } from '@parley/kit'
import type { Chat } from './chat.ts'

const queue = 'chat'

/** The bus: whoever asks has checked that the sender is in the room. */
export const answerChatBus = ({ bus, chat, log }: { bus: Bus; chat: Chat; log: Logger }): BusSubscription[] => [
  answer(bus, chatBus.send, queue, async (draft) => ({ message: (await chat.send(draft)).message }), log),
  answer(bus, chatBus.head, queue, async ({ meetingId }) => ({ seq: await chat.head(meetingId) }), log),
]
