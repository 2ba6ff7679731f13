import type { FileReference, Message } from '@parley/contracts'
import type { PendingMessage } from './api.ts'
import { ChatHistory, chatTiming, type ChatHead, type HistoryPage, type HistoryQuery } from './chat-history.ts'
import { ChatOutbox, type OutgoingMessage } from './chat-outbox.ts'
import type { Connection } from './connection.ts'
import { withRetries } from './with-retries.ts'
import type { Backoff } from './time.ts'

export interface RoomChatDeps {
  request: Connection['request']
  list(query: HistoryQuery): Promise<HistoryPage>
  /** As the sender of one's own messages. */
  self(): { userId: string; name: string; guest: boolean }
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

  constructor(head: ChatHead, deps: RoomChatDeps) {
    const { list, changed, over, report, backoff } = deps
    this.#deps = deps
    const arrived = (messages: readonly Message[]) => this.#arrived(messages)
    this.#history = new ChatHistory(head, { list, changed, arrived, report, timing: chatTiming })
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
  /** A message that was edited or deleted. */
  change = (message: Message): void => this.#history.change(message)
  /** The server says how far the chat is. */
  note = (head: ChatHead): void => this.#history.note(head)
  loadOlder = (): Promise<void> => this.#history.loadOlder()
  send = (text: string, file?: FileReference): Promise<Message | null> => this.#outbox.add(text, file)
  retry = (clientMessageId: string): Promise<void> => this.#outbox.retry(clientMessageId)

  /** Done again it changes nothing, so it is asked again when the answer got lost. */
  edit = async (messageId: string, text: string): Promise<void> =>
    void (await withRetries(() => this.#deps.request('chat.edit', { messageId, text }, true), this.#deps.backoff))
  delete = async (messageId: string): Promise<void> =>
    void (await withRetries(() => this.#deps.request('chat.delete', { messageId }, true), this.#deps.backoff))

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

  async #send({ clientMessageId, text, file }: OutgoingMessage): Promise<Message> {
    const content = { ...(text === '' ? {} : { text }), ...(file ? { fileId: file.id } : {}) }
    const { payload } = await this.#deps.request('chat.send', { clientMessageId, ...content }, true)
    const { messageId: id, seq, sentAt } = payload
    const { userId, name, guest } = this.#deps.self()
    const message: Message = {
      id,
      seq,
      type: file ? 'file' : 'text',
      ...(text === '' ? {} : { text }),
      ...(file ? { file } : {}),
      sender: { id: userId, name, ...(guest ? { guest } : {}) },
      clientMessageId,
      sentAt,
    }
    this.#history.put(message)
    return message
  }
}
