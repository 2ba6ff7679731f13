import type { ComponentChildren, InputHTMLAttributes } from 'preact'
import { useId } from 'preact/hooks'

interface FieldProps {
  label: string
  value: string
  onInput: (value: string) => void
  type?: 'text' | 'email' | 'password' | 'number' | 'datetime-local'
  hint?: string | undefined
  error?: string | undefined
  testId?: string
  /** Further attributes of the input, such as `required` or `autocomplete`. */
  input?: InputHTMLAttributes<HTMLInputElement>
  trailing?: ComponentChildren
}

/** A labelled text field with a hint or what is wrong with it. */
export function Field({ label, value, onInput, type = 'text', hint, error, testId, input, trailing }: FieldProps) {
  const id = useId()
  const note = error ?? hint
  return (
    <div class={`field${error === undefined ? '' : ' field--wrong'}`}>
      <label class="field__label" for={id}>
        {label}
      </label>
      <div class="field__box">
        <input
          {...input}
          id={id}
          class="field__input"
          type={type}
          value={value}
          aria-invalid={error !== undefined}
          aria-describedby={note === undefined ? undefined : `${id}-note`}
          data-testid={testId}
          onInput={(event) => onInput(event.currentTarget.value)}
        />
        {trailing}
      </div>
      {note !== undefined && (
        <p class="field__note" id={`${id}-note`}>
          {note}
        </p>
      )}
    </div>
  )
}
