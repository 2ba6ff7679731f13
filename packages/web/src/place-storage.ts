import type { PlaceStorage } from '@parley/client'
import { report } from './report.ts'

const key = 'parley.place'

/**
 * Keeps the place in a call for the next page of this tab. Only a reload goes on with it: a page that is reached in another way,
 * such as by Back, asks at the door before it shows anybody.
 */
export function createPlaceStorage(storage: Storage = sessionStorage, reloaded = wasReloaded()): PlaceStorage {
  let kept = takeFrom(storage)
  if (!reloaded) kept = null
  return {
    put(code, place) {
      try {
        storage.setItem(key, JSON.stringify({ code, place }))
      } catch (error) {
        report('The place in the call could not be kept', error)
      }
    },
    take(code) {
      const mine = kept?.code === code ? kept.place : null
      kept = null
      return mine
    },
  }
}

function takeFrom(storage: Storage): { code: string; place: string } | null {
  try {
    const text = storage.getItem(key)
    storage.removeItem(key)
    return text === null ? null : (JSON.parse(text) as { code: string; place: string })
  } catch (error) {
    report('A kept place in a call could not be read', error)
    return null
  }
}

function wasReloaded(): boolean {
  const [entry] = performance.getEntriesByType('navigation')
  return entry instanceof PerformanceNavigationTiming && entry.type === 'reload'
}
