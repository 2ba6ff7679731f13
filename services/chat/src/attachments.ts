import { filesBus, type FileReference } from '@parley/contracts'
import { request, createPoller, type Bus, type Logger } from '@parley/kit'
import { checkDraftOrThrow, type MessageDraft } from './message.ts'
import type { ChatDb } from './store.ts'

/** The message to send: a text, a file of theirs, or both. */
export interface Wish extends Pick<MessageDraft, 'meetingId' | 'sender' | 'clientMessageId' | 'text'> {
  fileId?: string | undefined
}

/** The files of messages, which the media service keeps. */
export interface Attachments {
  /** The wish as a message, its file part of it from now on. Rejects with `invalid-input`, `not-found`, `wrong-state`, `unavailable`. */
  draftOf(wish: Wish): Promise<MessageDraft>
  /** There may be a deleted message whose file is still there. */
  kick(): void
  start(): void
  stop(): void
}

const retryMs = 30_000
const batch = 50

/**
 * A file belongs to one message, named by its client id: sending it again attaches the same file again, which changes nothing. A deleted
 * message keeps the name of its file until media has dropped it. So a lost request is made again.
 */
export function createAttachments({ db, bus, log }: { db: ChatDb; bus: Bus; log: Logger }): Attachments {
  let running = false
  const round = async (): Promise<void> => {
    if (running) return
    running = true
    try {
      while ((await dropSome({ db, bus })) === batch);
    } catch (error) {
      log.warn({ err: error }, 'files of deleted messages go later')
    } finally {
      running = false
    }
  }
  const poller = createPoller(round, retryMs)
  return {
    async draftOf({ fileId, ...wish }) {
      if (fileId === undefined) return { ...wish, type: 'text' }
      const draft = { ...wish, type: 'file' } as const
      checkDraftOrThrow(draft)
      const { meetingId, sender, clientMessageId } = wish
      const { file } = await request(bus, filesBus.attach, { fileId, meetingId, userId: sender.id, clientMessageId })
      return { ...draft, file }
    },
    kick: () => void round(),
    start: () => void poller.start(),
    stop: () => poller.stop(),
  }
}

async function dropSome({ db, bus }: { db: ChatDb; bus: Bus }): Promise<number> {
  const rows = await db
    .selectFrom('messages')
    .select(['id', 'meeting_id', 'file'])
    .where('deleted_at', 'is not', null)
    .where('file', 'is not', null)
    .limit(batch)
    .execute()
  for (const { id, meeting_id: meetingId, file } of rows) await drop({ db, bus }, { id, meetingId, file })
  return rows.length
}

async function drop(
  { db, bus }: { db: ChatDb; bus: Bus },
  { id, meetingId, file }: { id: string; meetingId: string; file: FileReference | null },
): Promise<void> {
  if (file !== null) await request(bus, filesBus.detach, { fileId: file.id, meetingId })
  await db.updateTable('messages').set({ file: null }).where('id', '=', id).execute()
}
