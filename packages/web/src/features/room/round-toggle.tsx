import type { LucideIcon } from 'lucide-preact'

interface RoundToggleProps {
  on: boolean
  icons: readonly [on: LucideIcon, off: LucideIcon]
  /** The device it switches: `microphone`. */
  label: string
  testId: string
  shortcut?: string
  /** Why it cannot be used, such as that the host has turned it off. */
  blocked?: string | undefined
  onClick: () => void
}

/** Microphone or camera, on or off; off is the state that stands out. */
export function RoundToggle({ on, icons, label, testId, shortcut, blocked, onClick }: RoundToggleProps) {
  const Icon = on ? icons[0] : icons[1]
  const name = blocked ?? `Turn ${on ? 'off' : 'on'} ${label}`
  return (
    <button
      class={`round${on ? '' : ' round--off'}`}
      type="button"
      aria-label={name}
      aria-pressed={on}
      disabled={blocked !== undefined}
      aria-keyshortcuts={shortcut}
      title={shortcut === undefined ? name : `${name} (${shortcut})`}
      data-testid={testId}
      onClick={onClick}
    >
      <Icon size={22} aria-hidden="true" />
    </button>
  )
}

interface RoundButtonProps {
  icon: LucideIcon
  label: string
  testId: string
  active?: boolean
  badge?: number
  blocked?: string | undefined
  shortcut?: string
  onClick: () => void
}

/** Another button of the control bar; `active` while what it stands for goes on. */
export const RoundButton = ({
  icon: Icon,
  label,
  testId,
  active = false,
  badge = 0,
  shortcut,
  blocked,
  onClick,
}: RoundButtonProps) => (
  <button
    class={`round${active ? ' round--active' : ''}`}
    type="button"
    aria-label={blocked ?? (badge > 0 ? `${label}, ${badge} new` : label)}
    aria-pressed={active}
    aria-keyshortcuts={shortcut}
    disabled={blocked !== undefined}
    title={blocked ?? (shortcut === undefined ? label : `${label} (${shortcut})`)}
    data-testid={testId}
    onClick={onClick}
  >
    <Icon size={22} aria-hidden="true" />
    {badge > 0 && (
      <span class="round__badge" data-testid={`${testId}-badge`}>
        {badge > 99 ? '99+' : badge}
      </span>
    )}
  </button>
)
