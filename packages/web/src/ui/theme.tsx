import { signal, type ReadonlySignal } from '@preact/signals'
import { Moon, Sun } from 'lucide-preact'
import { useServices } from '../services.ts'
import { IconButton } from './button.tsx'

export interface Theme {
  readonly dark: ReadonlySignal<boolean>
  toggle(): void
}

const stored = 'parley.theme'

/** Light or dark: what was chosen here before (applied by `public/theme.js`), else what the system says. */
export function createTheme(): Theme {
  const root = document.documentElement
  const system = matchMedia('(prefers-color-scheme: dark)')
  const isDark = () => (root.dataset['theme'] === undefined ? system.matches : root.dataset['theme'] === 'dark')
  const dark = signal(isDark())
  system.addEventListener('change', () => {
    dark.value = isDark()
  })
  return {
    dark,
    toggle() {
      root.dataset['theme'] = dark.value ? 'light' : 'dark'
      localStorage.setItem(stored, root.dataset['theme'])
      dark.value = isDark()
    },
  }
}

export function ThemeToggle() {
  const { theme } = useServices()
  const dark = theme.dark.value
  return (
    <IconButton
      icon={dark ? Sun : Moon}
      label={dark ? 'Use the light theme' : 'Use the dark theme'}
      testId="toggle-theme"
      onClick={() => theme.toggle()}
    />
  )
}
