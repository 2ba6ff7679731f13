import { X } from 'lucide-preact'
import type { ComponentChildren } from 'preact'
import { useEffect, useId, useRef } from 'preact/hooks'
import { IconButton } from './button.tsx'
import { useFocusReturn } from './use-focus.ts'

interface DialogProps {
  title: string
  children: ComponentChildren
  onClose: () => void
  narrow?: boolean
}

/** A modal dialog: traps the focus and gives it back, closes with Escape and by a click beside it. Shown while it is rendered. */
export function Dialog({ title, children, onClose, narrow = false }: DialogProps) {
  const ref = useRef<HTMLDialogElement>(null)
  const titleId = useId()
  useFocusReturn()
  useEffect(() => ref.current?.showModal(), [])
  return (
    <dialog
      ref={ref}
      class={`dialog${narrow ? ' dialog--narrow' : ''}`}
      aria-labelledby={titleId}
      onCancel={(event) => {
        event.preventDefault()
        onClose()
      }}
      onMouseDown={(event) => {
        if (event.target === ref.current) onClose()
      }}
    >
      <div class="dialog__inner">
        <header class="dialog__header">
          <h2 id={titleId}>{title}</h2>
          <IconButton icon={X} label="Close" onClick={onClose} />
        </header>
        {children}
      </div>
    </dialog>
  )
}
