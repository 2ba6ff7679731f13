import type { Message } from '@parley/contracts'

/** The schema `chat`. */
export interface ChatTables {
  counters: CounterRow
  messages: MessageRow
}

/** The number of a meeting's newest message. */
interface CounterRow {
  meeting_id: string
  last_seq: number
}

export interface MessageRow {
  id: string
  meeting_id: string
  seq: number
  type: Message['type']
  text: string | null
  sender_id: string
  sender_name: string
  client_message_id: string
  sent_at: Date
  edited_at: Date | null
  deleted_at: Date | null
}
