import { ChevronDown, type LucideIcon } from 'lucide-preact'
import { useId } from 'preact/hooks'

interface SelectProps {
  label: string
  value: string
  options: readonly { value: string; label: string }[]
  onChange: (value: string) => void
  icon?: LucideIcon
  disabled?: boolean
  testId?: string
}

/** A labelled choice of one from a list. */
export function Select({ label, value, options, onChange, icon: Icon, disabled = false, testId }: SelectProps) {
  const id = useId()
  return (
    <div class="field">
      <label class="field__label" for={id}>
        {label}
      </label>
      <div class="field__box field__box--select">
        {Icon !== undefined && <Icon size={18} aria-hidden="true" class="field__icon" />}
        <select
          id={id}
          class="field__input"
          value={value}
          disabled={disabled}
          data-testid={testId}
          onChange={(event) => onChange(event.currentTarget.value)}
        >
          {options.map((option) => (
            <option key={option.value} value={option.value}>
              {option.label}
            </option>
          ))}
        </select>
        <ChevronDown size={18} aria-hidden="true" class="field__chevron" />
      </div>
    </div>
  )
}
