import type { Room } from '@parley/client'
import type { Message } from '@parley/contracts'
import { Pencil, Trash2 } from 'lucide-preact'
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { ProblemNotice } from '../../ui/notice.tsx'
import { useTask } from '../../ui/use-task.ts'

interface ActionsProps {
  /** Null: it may not be edited. */
  onEdit: (() => void) | null
  onDelete: () => void
  onEnd: () => void
}

/** The actions on a message, under it; Escape closes it. */
export function MessageActions({ onEdit, onDelete, onEnd }: ActionsProps) {
  const ref = useRef<HTMLDivElement>(null)
  useEffect(() => {
    ref.current?.scrollIntoView({ block: 'nearest' })
    ref.current?.querySelector('button')?.focus({ preventScroll: true })
  }, [])
  return (
    <div
      ref={ref}
      class="message__actions"
      onKeyDown={(event) => {
        if (event.key !== 'Escape') return
        event.stopPropagation()
        onEnd()
      }}
    >
      {onEdit !== null && (
        <button class="message__action" type="button" data-testid="chat-edit" onClick={onEdit}>
          <Pencil size={14} aria-hidden="true" /> Edit
        </button>
      )}
      <button
        class="message__action message__action--danger"
        type="button"
        data-testid="chat-delete"
        onClick={onDelete}
      >
        <Trash2 size={14} aria-hidden="true" /> Delete
      </button>
    </div>
  )
}

interface ChangeProps {
  room: Room
  message: Message
  onEnd: () => void
}
const maxLength = 4000

/** The text of a message to be changed in its place: Enter saves, Escape gives up. */
export function EditForm({ room, message, onEnd }: ChangeProps) {
  const before = message.text ?? ''
  const [text, setText] = useState(before)
  const box = useRef<HTMLTextAreaElement>(null)
  const wanted = text.trim()
  const task = useTask(async () => {
    if (wanted !== before) await room.editMessage(message.id, wanted)
    onEnd()
  })
  const save = () => {
    if (wanted !== '') task.start()
  }
  // Before it is shown: later, the caret would move away from under somebody who types already.
  useLayoutEffect(() => {
    box.current?.focus()
    box.current?.setSelectionRange(before.length, before.length)
    box.current?.form?.scrollIntoView({ block: 'nearest' })
  }, [])
  useLayoutEffect(() => fit(box.current), [text])
  return (
    <form
      class="message-edit"
      onSubmit={(event) => {
        event.preventDefault()
        save()
      }}
    >
      <textarea
        ref={box}
        class="message-edit__text"
        rows={1}
        maxLength={maxLength}
        value={text}
        aria-label="Edit message"
        data-testid="chat-edit-input"
        onInput={(event) => setText(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === 'Escape') {
            event.stopPropagation()
            onEnd()
          }
          if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return
          event.preventDefault()
          save()
        }}
      />
      <ProblemNotice problem={task.problem} />
      <div class="message-edit__actions">
        <Button kind="quiet" testId="chat-edit-cancel" onClick={onEnd}>
          Cancel
        </Button>
        <Button kind="primary" type="submit" busy={task.busy} disabled={wanted === ''} testId="chat-edit-save">
          Save
        </Button>
      </div>
    </form>
  )
}

function fit(box: HTMLTextAreaElement | null): void {
  if (box === null) return
  box.style.height = 'auto'
  box.style.height = `${box.scrollHeight + box.offsetHeight - box.clientHeight}px`
}

export function DeleteDialog({ room, message, onEnd }: ChangeProps) {
  const task = useTask(async () => {
    await room.deleteMessage(message.id)
    onEnd()
  })
  return (
    <Dialog title="Delete this message?" narrow onClose={onEnd}>
      <blockquote class="message-quote">{message.text}</blockquote>
      <p class="muted">
        It is deleted for everybody and can’t be brought back. Others will see that a message was deleted.
      </p>
      <ProblemNotice problem={task.problem} />
      <div class="dialog__actions">
        <Button kind="quiet" onClick={onEnd}>
          Cancel
        </Button>
        <Button kind="danger" busy={task.busy} testId="chat-delete-confirm" onClick={task.start}>
          Delete
        </Button>
      </div>
    </Dialog>
  )
}
