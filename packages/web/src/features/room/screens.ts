import type { RoomState } from '@parley/client'
import type { Participant } from '@parley/contracts'
import { computed, effect, signal, type ReadonlySignal } from '@preact/signals'

/** A screen that is shared. */
export interface Shown {
  by: Participant
  self: boolean
  stream: MediaStream | null
}

export interface Screens {
  /** In the order they began, as far as one has seen. */
  readonly all: ReadonlySignal<readonly Shown[]>
  /** The one to show large: the chosen one, otherwise the newest. */
  readonly shown: ReadonlySignal<Shown | null>
  choose(participantId: string): void
  stop(): void
}

/** Who presents. A new presentation is shown at once; which of several is a choice until the next one begins. */
export function createScreens(state: ReadonlySignal<RoomState>): Screens {
  const order = signal<readonly string[]>([])
  const chosen = signal<string | null>(null)
  const stop = effect(() => {
    const now = presenting(state.value).map(({ by }) => by.id)
    const before = order.peek()
    const begun = now.filter((id) => !before.includes(id))
    if (begun.length > 0) chosen.value = null
    if (begun.length > 0 || now.length < before.length)
      order.value = [...before.filter((id) => now.includes(id)), ...begun]
  })
  const all = computed(() => {
    const places = order.value
    return presenting(state.value).toSorted((a, b) => places.indexOf(a.by.id) - places.indexOf(b.by.id))
  })
  const shown = computed(() => all.value.find(({ by }) => by.id === chosen.value) ?? newest(all.value))
  return { all, shown, stop, choose: (id) => (chosen.value = id) }
}

/** One's own screen is known to oneself: it is shown only when nobody else presents. */
const newest = (all: readonly Shown[]): Shown | null => all.findLast(({ self }) => !self) ?? all.at(-1) ?? null

function presenting({ self, peers, remote, localScreen }: RoomState): Shown[] {
  const others = peers
    .filter((peer) => peer.screen)
    .map((peer) => ({ by: peer, self: false, stream: remote.get(peer.id)?.screen ?? null }))
  return localScreen === null ? others : [...others, { by: self, self: true, stream: localScreen }]
}
