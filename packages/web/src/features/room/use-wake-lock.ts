import { useEffect } from 'preact/hooks'
import { report } from '../../report.ts'

/** Keeps the screen on while the page is looked at, where the browser can. */
export function useWakeLock(): void {
  useEffect(() => {
    if (!('wakeLock' in navigator)) return
    let lock: WakeLockSentinel | null = null
    let ended = false
    const take = async () => {
      if (document.visibilityState !== 'visible' || (lock !== null && !lock.released)) return
      const taken = await navigator.wakeLock.request('screen')
      if (ended) await taken.release()
      else lock = taken
    }
    // A low battery refuses it; the screen then goes off as it always does.
    const tryTake = () => void take().catch((error: unknown) => report('The screen is not kept on', error))
    tryTake()
    document.addEventListener('visibilitychange', tryTake)
    return () => {
      ended = true
      document.removeEventListener('visibilitychange', tryTake)
      void lock?.release()
    }
  }, [])
}
