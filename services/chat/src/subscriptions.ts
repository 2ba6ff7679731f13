import { chatBus, meetingsBus } from '@parley/contracts'
import { respond, subscribe, type Bus, type BusCall, type BusSubscription, type Logger } from '@parley/kit'
import type { AccessCheck } from './access.ts'
import type { Chat } from './chat.ts'
import { requestMs } from './deadline.ts'
import type { Page } from './page.ts'

const queue = 'chat'

/** A caller waits 1 s for messages. */
const afterMs = 900

interface BusDeps {
  bus: Bus
  chat: Chat
  access: AccessCheck
  log: Logger
}

/** The bus: whoever asks has checked that the person is in the room, and what they may do there. */
export const answerChatBus = ({ bus, chat, access, log }: BusDeps): BusSubscription[] => [
  respond(
    bus,
    chatBus.send,
    queue,
    async (draft, call) => ({ message: (await chat.send(draft, untilOf(call))).message }),
    log,
  ),
  respond(bus, chatBus.edit, queue, async (edit, call) => ({ message: await chat.edit(edit, untilOf(call)) }), log),
  respond(
    bus,
    chatBus.delete,
    queue,
    async (deletion, call) => ({ message: await chat.delete(deletion, untilOf(call)) }),
    log,
  ),
  respond(
    bus,
    chatBus.system,
    queue,
    async ({ meetingId, ...notice }) => ({ message: await chat.notice(meetingId, notice) }),
    log,
  ),
  respond(
    bus,
    chatBus.after,
    queue,
    async ({ meetingId, by, number, limit }) => ({
      messages: (await chat.list(meetingId, pageAfter(by, number, limit), performance.now() + afterMs)).items,
    }),
    log,
  ),
  respond(bus, chatBus.head, queue, ({ meetingId }) => chat.head(meetingId), log),
  respond(bus, chatBus.heads, queue, async ({ meetingIds }) => ({ heads: await chat.heads(meetingIds) }), log),
  subscribe(bus, meetingsBus.accessChanged, {}, ({ meetingId, userId }) => access.forget(meetingId, userId), log),
]

/** Nothing is stored once the caller has given it up: it may have come from a frozen process. */
const untilOf = ({ deadline }: BusCall): number => Math.min(deadline, performance.now() + requestMs)

const pageAfter = (by: 'seq' | 'rev', number: number, limit: number): Page =>
  by === 'rev'
    ? { direction: 'changes', since: number, limit }
    : { direction: 'forward', range: { afterSeq: number }, limit }
