import type { Store } from './api.ts'

/** A store and the right to change it. */
export interface WritableStore<T> extends Store<T> {
  /** Replaces the value and tells, unless it is the same one. */
  set(value: T): void
  update(change: (value: T) => T): void
}

/** A value with subscribers. A listener that throws harms neither the others nor who set the value; its error is reported. */
export function createStore<T>(initial: T): WritableStore<T> {
  let value = initial
  const listeners = new Set<{ tell: () => void }>()
  const set = (next: T) => {
    if (Object.is(next, value)) return
    value = next
    const told = [...listeners]
    for (const listener of told) callSafely(listener.tell)
  }
  return {
    get: () => value,
    set,
    update: (change) => set(change(value)),
    subscribe(tell) {
      const listener = { tell }
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
}

/** Calls code of the application; what it throws becomes an uncaught error of its own task instead of one of ours. */
export function callSafely(act: () => void): void {
  try {
    act()
  } catch (error) {
    queueMicrotask(() => {
      throw error
    })
  }
}
