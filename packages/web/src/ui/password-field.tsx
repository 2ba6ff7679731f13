import { Eye, EyeOff } from 'lucide-preact'
import { useState } from 'preact/hooks'
import { IconButton } from './button.tsx'
import { Field } from './field.tsx'

interface PasswordFieldProps {
  label: string
  value: string
  onInput: (value: string) => void
  testId: string
  autocomplete: 'current-password' | 'new-password' | 'off'
  minLength?: number
  hint?: string
  error?: string | undefined
}

/** A secret that can be shown while typing. */
export function PasswordField({ autocomplete, minLength, ...field }: PasswordFieldProps) {
  const [shown, setShown] = useState(false)
  return (
    <Field
      {...field}
      type={shown ? 'text' : 'password'}
      input={{ required: true, autocomplete, minLength, maxLength: 1024, spellcheck: false, autocapitalize: 'none' }}
      trailing={
        <IconButton
          small
          icon={shown ? EyeOff : Eye}
          label={shown ? 'Hide password' : 'Show password'}
          onClick={() => setShown(!shown)}
        />
      }
    />
  )
}
