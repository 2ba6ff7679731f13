import type { FileReference, Message, SystemNotice } from '@parley/contracts'
import type { KeptTables } from '@parley/kit'
import type { Generated, Selectable } from 'kysely'

/** The schema `chat`. */
export interface ChatTables extends KeptTables {
  counters: CounterRow
  messages: MessagesTable
}

/** The numbers of a meeting's newest message, and of its newest edit or deletion. */
interface CounterRow {
  meeting_id: string
  last_seq: number
  last_rev: Generated<number>
}

interface MessagesTable {
  id: string
  meeting_id: string
  seq: number
  type: Message['type']
  text: string | null
  /** Of a file; of a deleted message until the file is gone too. */
  file: Generated<FileReference | null>
  /** Of a system message: what its text says, for programs. */
  system: Generated<SystemNotice | null>
  sender_id: string
  sender_name: string
  sender_guest: Generated<boolean>
  client_message_id: string
  sent_at: Date
  edited_at: Date | null
  deleted_at: Date | null
  /** The number of its last change in the meeting; 0: as it was sent. */
  rev: Generated<number>
}
export type MessageRow = Selectable<MessagesTable>
