import {
  ClientMessageId,
  MessageText,
  type FileReference,
  type Message,
  type Problem,
  type SystemNotice,
} from '@parley/contracts'
import { compileInput, newId, ProblemError } from '@parley/kit'
import type { MessageRow } from './tables.ts'
import type { NewRow } from './store.ts'

/** A message that somebody wants to send. */
export interface MessageDraft {
  meetingId: string
  sender: { id: string; name: string; guest?: boolean | undefined }
  clientMessageId: string
  /** Of a file it may be absent. */
  text?: string | undefined
  /** `system`: a service says it; the meeting is its sender. */
  type: 'text' | 'system' | 'file'
  /** As media describes it. */
  file?: FileReference | undefined
  /** Of a system message: the same as its text. */
  system?: SystemNotice | undefined
}

/** A service's announcement. */
export interface Notice {
  noticeId: string
  text: string
  system?: SystemNotice | undefined
}

/** The public form of a stored message. */
export const messageOf = (row: MessageRow): Message => ({
  id: row.id,
  seq: row.seq,
  type: row.type,
  ...(row.text === null ? {} : { text: row.text }),
  ...(row.file === null || row.deleted_at !== null ? {} : { file: row.file }),
  ...(row.system === null || row.deleted_at !== null ? {} : { system: row.system }),
  sender: { id: row.sender_id, name: row.sender_name, ...(row.sender_guest ? { guest: true } : {}) },
  clientMessageId: row.client_message_id,
  sentAt: row.sent_at.toISOString(),
  ...(row.edited_at === null ? {} : { editedAt: row.edited_at.toISOString() }),
  ...(row.deleted_at === null ? {} : { deletedAt: row.deleted_at.toISOString() }),
  ...(row.rev === 0 ? {} : { rev: row.rev }),
})

/** A service's announcement, as a draft: the same `noticeId` again is the same message. */
export const noticeOf = (meetingId: string, { noticeId, text, system }: Notice): MessageDraft => ({
  meetingId,
  sender: { id: meetingId, name: 'System' },
  clientMessageId: noticeId,
  text,
  type: 'system',
  system,
})

/** The key by which a repeated message is known. */
export const keyOf = (draft: MessageDraft): string => `${draft.meetingId}/${draft.sender.id}/${draft.clientMessageId}`
export const keyOfRow = (row: MessageRow): string => `${row.meeting_id}/${row.sender_id}/${row.client_message_id}`

/** The row to store, with its id. */
export const rowOf = ({ meetingId, sender, clientMessageId, text, type, file, system }: MessageDraft): NewRow => ({
  id: newId(),
  meeting_id: meetingId,
  sender_id: sender.id,
  sender_name: storable(sender.name),
  sender_guest: sender.guest === true,
  client_message_id: clientMessageId,
  text: text ?? null,
  type,
  file: file ?? null,
  system: system ?? null,
})

type Faults = NonNullable<Problem['errors']>

const clientIdFaults = compileInput(ClientMessageId)
const textFaults = compileInput(MessageText)

/**
 * Refuses what cannot be stored and given back as it was: U+0000, halves of surrogate pairs, and, for callers whose
 * schema is laxer than REST's, sizes and forms.
 * @throws ProblemError `invalid-input`
 */
export function checkDraftOrThrow({
  clientMessageId,
  text,
  type,
}: Pick<MessageDraft, 'clientMessageId' | 'text' | 'type'>): void {
  const errors = clientIdFaults(clientMessageId).map(({ message }) => ({ path: '/clientMessageId', message }))
  refuse([...errors, ...(text === undefined && type === 'file' ? [] : faultsOf(text ?? ''))])
}

/** The same for a text alone. @throws ProblemError `invalid-input` */
export const checkTextOrThrow = (text: string): void => refuse(faultsOf(text))

function faultsOf(text: string): Faults {
  const errors: Faults = textFaults(text).map(({ message }) => ({ path: '/text', message }))
  if (text.includes('\0')) errors.push({ path: '/text', message: 'must not contain U+0000' })
  if (!text.isWellFormed()) errors.push({ path: '/text', message: 'must not contain halves of surrogate pairs' })
  return errors
}

function refuse(errors: Faults): void {
  if (errors.length > 0) throw new ProblemError('invalid-input', undefined, { errors })
}

/** A name was checked where it was chosen; here it must only never spoil a batch. */
const storable = (name: string): string => name.toWellFormed().replaceAll('\0', '').slice(0, 200).toWellFormed()
