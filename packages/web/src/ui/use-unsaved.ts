import { useLayoutEffect } from 'preact/hooks'
import { useServices } from '../services.ts'

/** While there are changes that were not saved, leaving the screen or the page asks first. */
export function useUnsaved(changed: boolean): void {
  const { router } = useServices()
  // Before the next key or click can come.
  useLayoutEffect(() => {
    if (!changed) return
    const ask = (event: BeforeUnloadEvent) => event.preventDefault()
    addEventListener('beforeunload', ask)
    const unguard = router.guard(() => !confirm('Your changes are not saved. Leave without saving them?'))
    return () => {
      removeEventListener('beforeunload', ask)
      unguard()
    }
  }, [changed])
}
