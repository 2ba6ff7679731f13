import { X } from 'lucide-preact'
import type { ComponentChildren } from 'preact'
import { useId } from 'preact/hooks'
import { IconButton } from '../../ui/button.tsx'
import { useFocusReturn } from '../../ui/use-focus.ts'

interface PanelProps {
  title: string
  count?: number
  children: ComponentChildren
  onClose: () => void
}

/** A panel beside the picture; on a phone a sheet over it. Escape closes it. */
export function Panel({ title, count, children, onClose }: PanelProps) {
  const titleId = useId()
  useFocusReturn()
  return (
    <aside
      class="panel"
      aria-labelledby={titleId}
      onKeyDown={(event) => {
        if (event.key === 'Escape') onClose()
      }}
    >
      <header class="panel__header">
        <h2 id={titleId}>
          {title} {count !== undefined && <span class="panel__count">{count}</span>}
        </h2>
        <IconButton icon={X} label={`Close ${title.toLowerCase()}`} testId="close-panel" onClick={onClose} />
      </header>
      {children}
    </aside>
  )
}
