import type { ComponentChildren } from 'preact'
import type { LucideIcon } from 'lucide-preact'
import { Spinner } from './spinner.tsx'

interface ButtonProps {
  children: ComponentChildren
  kind?: 'primary' | 'plain' | 'quiet' | 'danger'
  type?: 'button' | 'submit'
  icon?: LucideIcon
  busy?: boolean
  disabled?: boolean
  wide?: boolean
  testId?: string
  onClick?: (event: MouseEvent) => void
}

/** A button with words. While `busy` it turns and does nothing. */
export function Button(props: ButtonProps) {
  const { children, kind = 'plain', type = 'button', icon: Icon, busy = false, disabled = false, wide = false } = props
  return (
    <button
      class={`button button--${kind}${wide ? ' button--wide' : ''}`}
      type={type}
      disabled={disabled || busy}
      aria-busy={busy}
      data-testid={props.testId}
      onClick={props.onClick}
    >
      {busy ? <Spinner label="Working" /> : Icon !== undefined && <Icon size={18} aria-hidden="true" />}
      <span>{children}</span>
    </button>
  )
}

interface IconButtonProps {
  icon: LucideIcon
  label: string
  testId?: string
  small?: boolean
  disabled?: boolean
  onClick: () => void
}

/** A round button with a picture; `label` is its name and its tooltip. */
export const IconButton = ({
  icon: Icon,
  label,
  testId,
  small = false,
  disabled = false,
  onClick,
}: IconButtonProps) => (
  <button
    class={`icon-button${small ? ' icon-button--small' : ''}`}
    type="button"
    aria-label={label}
    title={label}
    disabled={disabled}
    data-testid={testId}
    onClick={onClick}
  >
    <Icon size={small ? 16 : 20} aria-hidden="true" />
  </button>
)
