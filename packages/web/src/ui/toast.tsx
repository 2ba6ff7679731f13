import { signal } from '@preact/signals'
import { CircleAlert, X } from 'lucide-preact'
import { IconButton } from './button.tsx'

interface Toast {
  id: number
  text: string
  kind: 'info' | 'problem'
  /** A later one of the same group takes the place of the earlier one. */
  group: string | null
}

const shownMs = 4500
const mostShown = 4
const toasts = signal<readonly Toast[]>([])
let lastId = 0

/** Says something for a few seconds at the edge of the page, and to screen readers. */
export function toast(text: string, kind: Toast['kind'] = 'info', group: string | null = null): void {
  lastId += 1
  const id = lastId
  toasts.value = [
    ...toasts.peek().filter((shown) => shown.text !== text && (group === null || shown.group !== group)),
    { id, text, kind, group },
  ].slice(-mostShown)
  setTimeout(() => dismiss(id), kind === 'problem' ? shownMs * 1.5 : shownMs)
}

function dismiss(id: number): void {
  toasts.value = toasts.peek().filter((shown) => shown.id !== id)
}

export const ToastHost = () => (
  <div class="toasts" role="status" aria-live="polite">
    {toasts.value.map(({ id, text, kind }) => (
      <div key={id} class={`toast toast--${kind}`} data-testid="toast">
        {kind === 'problem' && <CircleAlert size={18} aria-hidden="true" />}
        <span>{text}</span>
        <IconButton small icon={X} label="Dismiss" onClick={() => dismiss(id)} />
      </div>
    ))}
  </div>
)
