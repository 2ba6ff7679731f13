import { useEffect, useState } from 'preact/hooks'

/** Where the focus was before something opened: it goes back there when that closes, if nothing else has it by then. */
export function useFocusReturn(): void {
  // Read before what opens takes the focus, which it does in effects of its own.
  const [before] = useState(() => document.activeElement)
  useEffect(() => {
    return () => {
      // The element that had the focus is being removed with what closes; the browser then gives it to the body.
      queueMicrotask(() => {
        if (!isNowhere()) return
        if (before instanceof HTMLElement && before.isConnected) before.focus()
        else focusMain()
      })
    }
  }, [])
}

/** When another screen is shown (`screen` changes) and the focus went with the last one, it goes to the new heading. */
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
