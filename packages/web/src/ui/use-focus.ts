import { useEffect, useState } from 'preact/hooks'

/** Where the focus was before something opened: it goes back there when that closes, if nothing else has it by then. */
export function useFocusReturn(): void {
  // Read at once, as what opens takes the focus in effects of its own; and again a little later. A menu that led here closes only then, and
  // gives the focus to its button.
  const [first] = useState(() => document.activeElement)
  useEffect(() => {
    const later = document.activeElement
    return () => {
      // The element that had the focus is being removed with what closes; the browser then gives it to the body.
      queueMicrotask(() => {
        if (!isNowhere()) return
        const before = [first, later].find((element) => element instanceof HTMLElement && canTakeFocus(element))
        if (before instanceof HTMLElement) before.focus()
        else focusMain()
      })
    }
  }, [])
}

const canTakeFocus = (element: HTMLElement): boolean => element.isConnected && element !== document.body

/** When another screen is shown (`screen` changes) and the focus was lost with the last one, the new heading gets it. */
export function useFocusOnScreen(screen: string): void {
  useEffect(() => {
    if (isNowhere()) focusMain()
  }, [screen])
}

const isNowhere = (): boolean => document.activeElement === null || document.activeElement === document.body

function focusMain(): void {
  const target = document.querySelector<HTMLElement>('main h1, .room h1, main')
  if (target === null) return
  if (target.tabIndex < 0) target.tabIndex = -1
  target.focus({ preventScroll: true })
}
