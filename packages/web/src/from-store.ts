import type { Store } from '@parley/client'
import { signal, type ReadonlySignal } from '@preact/signals'

/** A store of the SDK as a signal; `stop` ends the subscription. */
export function fromStore<T>(store: Store<T>): { value: ReadonlySignal<T>; stop: () => void } {
  const value = signal(store.get())
  const stop = store.subscribe(() => {
    value.value = store.get()
  })
  return { value, stop }
}
