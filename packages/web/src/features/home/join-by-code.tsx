import { useState } from 'preact/hooks'
import { formatMeetingCode, parseMeetingCode } from '../../lib/meeting-code.ts'
import { Button } from '../../ui/button.tsx'
import { Keyboard } from 'lucide-preact'

/** A field for a code or a pasted link. */
export function JoinByCode({ onCode }: { onCode: (code: string) => void }) {
  const [text, setText] = useState('')
  const [wrong, setWrong] = useState(false)
  const submit = (event: Event) => {
    event.preventDefault()
    const code = parseMeetingCode(text)
    setWrong(code === null)
    if (code !== null) onCode(code)
  }
  return (
    <form class="join-code" onSubmit={submit} noValidate>
      <div class={`field__box${wrong ? ' field__box--wrong' : ''}`}>
        <Keyboard size={18} aria-hidden="true" class="join-code__icon" />
        <input
          class="field__input code"
          value={text}
          placeholder="abc-defg-hij"
          aria-label="Meeting code or link"
          aria-invalid={wrong}
          aria-describedby={wrong ? 'join-code-note' : undefined}
          autocomplete="off"
          autocapitalize="none"
          spellcheck={false}
          data-testid="join-code"
          onInput={(event) => {
            const shown = formatMeetingCode(event.currentTarget.value)
            event.currentTarget.value = shown
            setText(shown)
            setWrong(false)
          }}
        />
      </div>
      <Button type="submit" kind="plain" testId="join-submit">
        Join
      </Button>
      {wrong && (
        <p class="field__note field__note--wrong" id="join-code-note" role="alert">
          A code has ten letters, like abc-defg-hij.
        </p>
      )}
    </form>
  )
}
