import type { ComponentChildren } from 'preact'
import { useEffect, useId, useRef, useState } from 'preact/hooks'

interface MenuProps {
  label: string
  button: ComponentChildren
  children: ComponentChildren
  testId?: string
  buttonClass?: string
  /** Where it opens from its button. */
  side?: 'below' | 'above'
}

/** A button that opens a small panel; a choice in it, a click elsewhere or Escape closes it. */
export function Menu({ label, button, children, testId, buttonClass = 'menu__button', side = 'below' }: MenuProps) {
  const [open, setOpen] = useState(false)
  const ref = useRef<HTMLDivElement>(null)
  const buttonRef = useRef<HTMLButtonElement>(null)
  const id = useId()
  useDismiss(open, ref, () => setOpen(false))
  const close = () => {
    setOpen(false)
    buttonRef.current?.focus()
  }
  return (
    <div
      class="menu"
      ref={ref}
      onKeyDown={(event) => {
        if (event.key !== 'Escape' || !open) return
        event.stopPropagation()
        close()
      }}
    >
      <button
        ref={buttonRef}
        class={buttonClass}
        type="button"
        aria-label={label}
        title={label}
        aria-expanded={open}
        aria-controls={id}
        data-testid={testId}
        onClick={() => setOpen(!open)}
      >
        {button}
      </button>
      {open && (
        <div id={id} class={`menu__panel menu__panel--${side}`} onClick={close}>
          {children}
        </div>
      )}
    </div>
  )
}

/** While `open`, calls `dismiss` when something elsewhere is pressed; with `click` once that is over, as it moves things. */
export function useDismiss(
  open: boolean,
  inside: { current: HTMLElement | null },
  dismiss: () => void,
  on: 'pointerdown' | 'click' = 'pointerdown',
): void {
  useEffect(() => {
    if (!open) return
    const onPress = (event: Event) => {
      if (event.target instanceof Node && inside.current?.contains(event.target) === true) return
      dismiss()
    }
    document.addEventListener(on, onPress)
    return () => document.removeEventListener(on, onPress)
  }, [open])
}
