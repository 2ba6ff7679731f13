import type { RoomState } from '@parley/client'
import { may, type Message } from '@parley/contracts'
import { Ban, Ellipsis } from 'lucide-preact'
import { useRef, useState } from 'preact/hooks'
import { linkify } from '../../lib/linkify.ts'
import { useDismiss } from '../../ui/menu.tsx'
import type { RoomModel } from '../room/room-model.ts'
import { Attachment } from '../files/attachment.tsx'
import { isOwn } from '../room/news.ts'
import { DeleteDialog, EditForm, MessageActions } from './message-actions.tsx'

interface Props {
  model: RoomModel
  message: Message
}

/** A message that is stored, with what one may do about it. */
export function Bubble({ model, message }: Props) {
  const [doing, setDoing] = useState<'nothing' | 'choosing' | 'editing' | 'deleting'>('nothing')
  const allowed = allowedOn(message, model.state.value)
  const end = () => setDoing('nothing')
  const ref = useRef<HTMLDivElement>(null)
  // The click that chose has changed it already.
  const dismiss = () => setDoing((now) => (now === 'choosing' ? 'nothing' : now))
  useDismiss(doing === 'choosing', ref, dismiss, 'click')
  if (message.deletedAt !== undefined) return <DeletedBubble message={message} />
  if (doing === 'editing' && allowed.edit) return <EditForm room={model.room} message={message} onEnd={end} />
  return (
    <div class="message" ref={ref}>
      <div class="message__row">
        <div
          class="bubble"
          dir="auto"
          data-testid="chat-message"
          data-state="sent"
          data-seq={message.seq}
          title={timesOf(message)}
        >
          {message.file !== undefined && <Attachment file={message.file} />}
          <span key={message.text}>
            <Text text={message.text ?? ''} />
          </span>
          {message.editedAt !== undefined && <small class="bubble__edited"> (edited)</small>}
        </div>
        {allowed.delete && (
          <button
            class="message__more"
            type="button"
            aria-label="Message options"
            title="Message options"
            aria-expanded={doing === 'choosing'}
            data-testid="chat-more"
            onClick={() => setDoing(doing === 'choosing' ? 'nothing' : 'choosing')}
          >
            <Ellipsis size={16} aria-hidden="true" />
          </button>
        )}
      </div>
      {doing === 'choosing' && (
        <MessageActions
          onEdit={allowed.edit ? () => setDoing('editing') : null}
          onDelete={() => setDoing('deleting')}
          onEnd={end}
        />
      )}
      {doing === 'deleting' && <DeleteDialog room={model.room} message={message} onEnd={end} />}
    </div>
  )
}

const DeletedBubble = ({ message }: { message: Message }) => (
  <p
    class="bubble bubble--deleted"
    data-testid="chat-message"
    data-state="deleted"
    data-seq={message.seq}
    title={timesOf(message)}
  >
    <Ban size={14} aria-hidden="true" /> Message deleted
  </p>
)

/** As the server decides it too. */
function allowedOn(message: Message, state: RoomState): { edit: boolean; delete: boolean } {
  const { self, meeting } = state
  const own = isOwn(message, state)
  const mayWrite = meeting.settings.chat || self.role === 'host'
  return { edit: own && mayWrite && message.type === 'text', delete: own || may(self.role, 'moderate') }
}

function timesOf({ sentAt, editedAt, deletedAt }: Message): string {
  const at = (time: string) => new Date(time).toLocaleString()
  if (deletedAt !== undefined) return `${at(sentAt)}, deleted ${at(deletedAt)}`
  return editedAt === undefined ? at(sentAt) : `${at(sentAt)}, edited ${at(editedAt)}`
}

/** Text with its links. */
export const Text = ({ text }: { text: string }) => (
  <>
    {linkify(text).map((piece, index) =>
      piece.kind === 'text' ? (
        piece.text
      ) : (
        <a key={index} href={piece.href} target="_blank" rel="noopener noreferrer nofollow">
          {piece.text}
        </a>
      ),
    )}
  </>
)
