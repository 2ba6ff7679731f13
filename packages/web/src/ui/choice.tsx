import type { LucideIcon } from 'lucide-preact'
import { useId } from 'preact/hooks'

export interface Option<T extends string> {
  value: T
  label: string
  note?: string
  icon?: LucideIcon
}

interface ChoiceProps<T extends string> {
  legend: string
  options: readonly Option<T>[]
  value: T
  onChange: (value: T) => void
}

/** One of a few options, as cards in a row. */
export function Choice<T extends string>({ legend, options, value, onChange }: ChoiceProps<T>) {
  const name = useId()
  return (
    <fieldset class="choice">
      <legend class="field__label">{legend}</legend>
      <div class="choice__options">
        {options.map(({ value: option, label, note, icon: Icon }) => (
          <label key={option} class="choice__option">
            <input
              type="radio"
              name={name}
              value={option}
              checked={option === value}
              onChange={() => onChange(option)}
            />
            {Icon !== undefined && <Icon size={18} aria-hidden="true" />}
            <span class="choice__text">
              <span class="choice__label">{label}</span>
              {note !== undefined && <span class="choice__note">{note}</span>}
            </span>
          </label>
        ))}
      </div>
    </fieldset>
  )
}

interface SwitchProps {
  label: string
  note?: string
  checked: boolean
  onChange: (checked: boolean) => void
  testId?: string
}

/** On or off. */
export const Switch = ({ label, note, checked, onChange, testId }: SwitchProps) => (
  <label class="switch">
    <span class="switch__text">
      <span>{label}</span>
      {note !== undefined && <span class="choice__note">{note}</span>}
    </span>
    <input
      type="checkbox"
      role="switch"
      checked={checked}
      data-testid={testId}
      onChange={(event) => onChange(event.currentTarget.checked)}
    />
    <span class="switch__track" aria-hidden="true" />
  </label>
)
