import type { Message } from '@parley/contracts'
import { createSemaphore, createKeyedSemaphores, ProblemError, type Bus, type Logger } from '@parley/kit'
import { announce } from './announce.ts'
import { changeMessage, type MessageChange, type Which } from './change-store.ts'
import { messageOf } from './message.ts'
import type { ChatDb } from './store.ts'
import type { MessageRow } from './tables.ts'

/** Somebody's wish to change the text of a message. */
export interface Edit extends Which {
  userId: string
  text: string
}
/** `moderator`: may delete what others wrote. */
export interface Deletion extends Which {
  userId: string
  moderator: boolean
}

export interface Changer {
  /** Rejects with `not-found`, `forbidden`, and `wrong-state` for a message that was deleted. */
  edit(edit: Edit): Promise<Message>
  /** Rejects with `not-found`, `forbidden`; what is deleted stays as it is. */
  delete(deletion: Deletion): Promise<Message>
}

/** Connections that changes may hold at once: the pool has other work. */
const limits = { running: 2, waiting: 500, full: 'Too many messages are being changed' }
/** Those of one meeting wait for each other here, rather than for its row: should that be locked, others go on. */
const limitsOfOne = { ...limits, running: 1, waitMs: 1_000 }

/** Changes messages and then tells the room. Doing it again changes nothing, and tells the room again. */
export function createChanger({ db, bus, log }: { db: ChatDb; bus: Bus; log: Logger }): Changer {
  const semaphores = createKeyedSemaphores(limitsOfOne)
  const pass = createSemaphore(limits)
  const change = async (which: Which, decide: (row: MessageRow) => MessageChange | null): Promise<Message> => {
    const { row, changed } = await semaphores(which.meetingId, () =>
      pass(() => changeMessage(db, which, (found) => decide(foundOrThrow(found)))),
    )
    const message = messageOf(foundOrThrow(row))
    if (changed || message.rev !== undefined)
      announce({ bus, log }, 'chat.updated', { meetingId: which.meetingId, message, again: !changed })
    return message
  }
  return {
    edit: (edit) => change(edit, (row) => decideEdit(row, edit)),
    delete: (deletion) => change(deletion, (row) => decideDeletion(row, deletion)),
  }
}

function decideEdit(row: MessageRow, { userId, text }: Edit): MessageChange | null {
  if (row.type === 'system') throw new ProblemError('forbidden', 'System messages cannot be edited or deleted')
  if (row.sender_id !== userId) throw new ProblemError('forbidden', 'Only the author of a message can edit it')
  if (row.deleted_at !== null) throw new ProblemError('wrong-state', 'The message was deleted')
  return row.text === text ? null : { kind: 'edit', text }
}

function decideDeletion(row: MessageRow, { userId, moderator }: Deletion): MessageChange | null {
  if (row.type === 'system') throw new ProblemError('forbidden', 'System messages cannot be edited or deleted')
  if (row.sender_id !== userId && !moderator)
    throw new ProblemError('forbidden', 'Only the author, the host and cohosts can delete a message')
  return row.deleted_at === null ? { kind: 'delete' } : null
}

function foundOrThrow(row: MessageRow | undefined): MessageRow {
  if (row === undefined) throw new ProblemError('not-found', 'There is no such message in this meeting')
  return row
}
