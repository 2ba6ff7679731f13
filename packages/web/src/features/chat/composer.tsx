import type { Room } from '@parley/client'
import type { Signal } from '@preact/signals'
import { Paperclip, SendHorizontal } from 'lucide-preact'
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks'
import { attempt } from '../../ui/attempt.ts'
import { IconButton } from '../../ui/button.tsx'

const maxLength = 4000
const typingEndsMs = 3000

interface ComposerProps {
  room: Room
  draft: Signal<string>
  onFiles: (files: Iterable<File>) => void
}

/** Where one writes: Enter sends, Shift+Enter starts a line. The draft outlives the panel. */
export function Composer({ room, draft, onFiles }: ComposerProps) {
  const ref = useRef<HTMLTextAreaElement>(null)
  const text = draft.value
  const setText = (changed: string) => (draft.value = changed)
  const typing = useTyping(room)
  useLayoutEffect(() => ref.current?.focus(), [])
  useLayoutEffect(() => fit(ref.current), [text])
  const send = () => {
    const message = text.trim()
    if (message === '') return
    setText('')
    typing.end()
    attempt(room.sendMessage(message))
    ref.current?.focus()
  }
  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault()
        send()
      }}
    >
      <AttachButton onFiles={onFiles} />
      <textarea
        ref={ref}
        class="composer__text"
        rows={1}
        maxLength={maxLength}
        value={text}
        placeholder="Message everybody"
        aria-label="Message"
        data-testid="chat-input"
        onInput={(event) => {
          setText(event.currentTarget.value)
          typing.on()
        }}
        onKeyDown={(event) => {
          if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return
          event.preventDefault()
          send()
        }}
      />
      <button
        class="composer__send"
        type="submit"
        aria-label="Send"
        title="Send"
        disabled={text.trim() === ''}
        data-testid="chat-send"
      >
        <SendHorizontal size={20} aria-hidden="true" />
      </button>
    </form>
  )
}

function AttachButton({ onFiles }: Pick<ComposerProps, 'onFiles'>) {
  const input = useRef<HTMLInputElement>(null)
  return (
    <>
      <input
        ref={input}
        type="file"
        multiple
        hidden
        data-testid="attach-input"
        onChange={(event) => {
          onFiles([...(event.currentTarget.files ?? [])])
          event.currentTarget.value = ''
        }}
      />
      <IconButton icon={Paperclip} label="Send files" testId="attach" onClick={() => input.current?.click()} />
    </>
  )
}

function fit(box: HTMLTextAreaElement | null): void {
  if (box === null) return
  box.style.height = 'auto'
  box.style.height = `${box.scrollHeight}px`
}

/** Tells the room that one types, once, and that one stopped after a pause. */
function useTyping(room: Room) {
  const timer = useRef<ReturnType<typeof setTimeout>>()
  const told = useRef(false)
  const end = () => {
    clearTimeout(timer.current)
    if (told.current) room.setTyping(false)
    told.current = false
  }
  const on = () => {
    clearTimeout(timer.current)
    timer.current = setTimeout(end, typingEndsMs)
    if (!told.current) room.setTyping(true)
    told.current = true
  }
  useEffect(() => end, [])
  return { on, end }
}
