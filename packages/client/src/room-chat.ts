import type { Message } from '@parley/contracts'
import type { PendingMessage } from './api.ts'
import { ChatHistory, chatTiming, type HistoryPage } from './chat-history.ts'
import { ChatOutbox } from './chat-outbox.ts'
import type { Connection } from './connection.ts'
import type { Backoff } from './time.ts'

export interface RoomChatDeps {
  request: Connection['request']
  list(query: { limit: number; afterSeq?: number; beforeSeq?: number }): Promise<HistoryPage>
  /** As the sender of one's own messages. */
  self(): { userId: string; name: string }
  changed(): void
  /** A new message, once each, in order. */
  arrived(message: Message): void
  over(): boolean
  report(error: unknown): void
  backoff: Backoff
}

/** The chat of a room: what was said, and what is on its way. */
export class RoomChat {
  readonly #deps: RoomChatDeps
  readonly #history: ChatHistory
  readonly #outbox: ChatOutbox

  constructor(chatSeq: number, deps: RoomChatDeps) {
    const { list, changed, over, report, backoff } = deps
    this.#deps = deps
    const arrived = (messages: readonly Message[]) => this.#arrived(messages)
    this.#history = new ChatHistory(chatSeq, { list, changed, arrived, report, timing: chatTiming })
    this.#outbox = new ChatOutbox({ send: (message) => this.#send(message), changed, over, backoff })
  }

  get view(): { messages: readonly Message[]; hasOlderMessages: boolean; pending: readonly PendingMessage[] } {
    const { messages, hasOlder } = this.#history.log
    return { messages, hasOlderMessages: hasOlder, pending: this.#outbox.pending }
  }
  /** Number of the newest message up to which none is missing. */
  get last(): number {
    return this.#history.log.last
  }

  put = (message: Message): void => this.#history.put(message)
  /** The server says that message `seq` is there. */
  note = (seq: number): void => this.#history.note(seq)
  loadOlder = (): Promise<void> => this.#history.loadOlder()
  send = (text: string): Promise<Message | null> => this.#outbox.add(text)
  retry = (clientMessageId: string): Promise<void> => this.#outbox.retry(clientMessageId)

  close(): void {
    this.#history.close()
    this.#outbox.close()
  }

  #arrived(messages: readonly Message[]): void {
    for (const message of messages) {
      this.#outbox.seen(message)
      this.#deps.arrived(message)
    }
  }

  async #send({ clientMessageId, text }: { clientMessageId: string; text: string }): Promise<Message> {
    const { payload } = await this.#deps.request('chat.send', { clientMessageId, text }, true)
    const { messageId: id, seq, sentAt } = payload
    const { userId, name } = this.#deps.self()
    const message: Message = { id, seq, type: 'text', text, sender: { id: userId, name }, clientMessageId, sentAt }
    this.#history.put(message)
    return message
  }
}
