import { ClientMessageId, MessageText, type Message, type Problem } from '@parley/contracts'
import { compile, newId, ProblemError } from '@parley/kit'
import type { MessageRow } from './tables.ts'
import type { NewRow } from './store.ts'

/** A message that somebody wants to send. */
export interface Draft {
  meetingId: string
  sender: { id: string; name: string }
  clientMessageId: string
  text: string
}

/** What goes out of a stored message. */
export const messageOf = (row: MessageRow): Message => ({
  id: row.id,
  seq: row.seq,
  type: row.type,
  ...(row.text === null ? {} : { text: row.text }),
  sender: { id: row.sender_id, name: row.sender_name },
  clientMessageId: row.client_message_id,
  sentAt: row.sent_at.toISOString(),
  ...(row.edited_at === null ? {} : { editedAt: row.edited_at.toISOString() }),
  ...(row.deleted_at === null ? {} : { deletedAt: row.deleted_at.toISOString() }),
})

/** What makes a message the same one when it is sent again. */
export const keyOf = (draft: Draft): string => `${draft.meetingId}/${draft.sender.id}/${draft.clientMessageId}`
export const keyOfRow = (row: MessageRow): string => `${row.meeting_id}/${row.sender_id}/${row.client_message_id}`

/** The row to store, with its id. */
export const rowOf = ({ meetingId, sender, clientMessageId, text }: Draft): NewRow => ({
  id: newId(),
  meeting_id: meetingId,
  sender_id: sender.id,
  sender_name: storable(sender.name),
  client_message_id: clientMessageId,
  text,
})

const clientIdFaults = compile(ClientMessageId)
const textFaults = compile(MessageText)

/**
 * Refuses what cannot be stored and given back as it was: U+0000, halves of surrogate pairs, and, for callers whose
 * schema is laxer than REST's, sizes and forms.
 * @throws ProblemError `invalid-input`
 */
export function checkDraftOrThrow({ clientMessageId, text }: Draft): void {
  const errors: NonNullable<Problem['errors']> = []
  for (const { message } of clientIdFaults(clientMessageId)) errors.push({ path: '/clientMessageId', message })
  for (const { message } of textFaults(text)) errors.push({ path: '/text', message })
  if (text.includes('\0')) errors.push({ path: '/text', message: 'must not contain U+0000' })
  if (!text.isWellFormed()) errors.push({ path: '/text', message: 'must not contain halves of surrogate pairs' })
  if (errors.length > 0) throw new ProblemError('invalid-input', undefined, { errors })
}

/** A name was checked where it was chosen; here it must only never spoil a batch. */
const storable = (name: string): string => name.toWellFormed().replaceAll('\0', '').slice(0, 200).toWellFormed()
