import { signal, type ReadonlySignal } from '@preact/signals'

function matching(query: string): ReadonlySignal<boolean> {
  const list = matchMedia(query)
  const matches = signal(list.matches)
  list.addEventListener('change', () => {
    matches.value = list.matches
  })
  return matches
}

let narrow: ReadonlySignal<boolean> | undefined

/** Whether the page is as narrow as a phone; the same limit as in `styles`. */
export const isNarrow = (): boolean => (narrow ??= matching('(max-width: 719px)')).value
