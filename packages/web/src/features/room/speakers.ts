import type { RoomState } from '@parley/client'
import { effect, signal, type ReadonlySignal } from '@preact/signals'
import { createSpeechGate, watchLevel } from '../media/level.ts'
import type { LocalMedia } from '../media/local-media.ts'

interface Watched {
  track: MediaStreamTrack
  stop: () => void
}

export interface Speakers {
  /** Ids of those who are heard now. */
  readonly speaking: ReadonlySignal<ReadonlySet<string>>
  /** When each last began to speak, in milliseconds of the page's clock. */
  readonly spokeAt: ReadonlySignal<ReadonlyMap<string, number>>
  /** The participant who speaks, or spoke last; null while nobody has. */
  readonly active: ReadonlySignal<string | null>
  stop(): void
}

/** Listens to everybody's level, one's own included, and tells who speaks. */
export function createSpeakers(state: ReadonlySignal<RoomState>, media: LocalMedia): Speakers {
  const speaking = signal<ReadonlySet<string>>(new Set())
  const spokeAt = signal<ReadonlyMap<string, number>>(new Map())
  const active = signal<string | null>(null)
  const watched = new Map<string, Watched>()
  const mark = (id: string, speaks: boolean) => {
    if (speaking.peek().has(id) === speaks) return
    const next = new Set(speaking.peek())
    if (speaks) next.add(id)
    else next.delete(id)
    if (speaks) spokeAt.value = new Map(spokeAt.peek()).set(id, performance.now())
    speaking.value = next
    active.value = nextActive(active.peek(), next, state.peek())
  }
  const forget = (id: string) => {
    watched.get(id)?.stop()
    watched.delete(id)
    mark(id, false)
  }
  const watch = (id: string, track: MediaStreamTrack) => {
    if (watched.get(id)?.track === track) return
    forget(id)
    const gate = createSpeechGate()
    const stop = watchLevel(new MediaStream([track]), (level) => mark(id, gate(level, performance.now())))
    watched.set(id, { track, stop })
  }
  const stopEffect = effect(() => {
    const audible = audibleTracks(state.value, media)
    for (const id of watched.keys()) if (!audible.has(id)) forget(id)
    for (const [id, track] of audible) watch(id, track)
  })
  const stop = () => {
    stopEffect()
    for (const id of watched.keys()) forget(id)
  }
  return { speaking, spokeAt, active, stop }
}

/** A speaker stays the active one until they end and somebody else speaks; nobody is shown to themselves. */
function nextActive(now: string | null, speaking: ReadonlySet<string>, { self, peers }: RoomState): string | null {
  const isHere = now !== null && peers.some(({ id }) => id === now)
  if (isHere && speaking.has(now)) return now
  for (const id of speaking) if (id !== self.id) return id
  return isHere ? now : null
}

function audibleTracks({ self, peers, remote }: RoomState, media: LocalMedia): Map<string, MediaStreamTrack> {
  const tracks = new Map<string, MediaStreamTrack>()
  const own = media.mic.track.value
  if (own !== null && media.mic.on.value) tracks.set(self.id, own)
  for (const peer of peers) {
    const track = remote.get(peer.id)?.camera?.getAudioTracks()[0]
    if (peer.mic && track !== undefined) tracks.set(peer.id, track)
  }
  return tracks
}
