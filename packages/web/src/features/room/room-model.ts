import type { Room, RoomState } from '@parley/client'
import type { Participant } from '@parley/contracts'
import { computed, signal, type ReadonlySignal, type Signal } from '@preact/signals'
import { fromStore } from '../../from-store.ts'
import { handPositions } from '../../lib/people.ts'
import type { LocalMedia } from '../media/local-media.ts'
import { watchNews } from './news.ts'
import { createReactions, type Reactions } from './reactions.ts'
import { createSpeakers } from './speakers.ts'
import { syncDevice } from './sync-device.ts'

export type Panel = 'none' | 'chat' | 'people'
export type RoomDialog = 'none' | 'end' | 'settings' | 'shortcuts'

/** All that the parts of the room page share. */
export interface RoomModel {
  readonly room: Room
  readonly media: LocalMedia
  readonly state: ReadonlySignal<RoomState>
  /** The others in the order they came, then oneself, as one knows oneself. */
  readonly people: ReadonlySignal<readonly Participant[]>
  readonly hands: ReadonlySignal<ReadonlyMap<string, number>>
  /** Ids of those who are heard now. */
  readonly speaking: ReadonlySignal<ReadonlySet<string>>
  readonly reactions: Reactions
  readonly panel: Signal<Panel>
  readonly dialog: Signal<RoomDialog>
  readonly unread: Signal<number>
  /** The browser holds sound back until somebody clicks. */
  readonly soundBlocked: Signal<boolean>
  stop(): void
}

/** The model of a room that was joined with `media`; it owns both until `stop`. */
export function createRoomModel(room: Room, media: LocalMedia): RoomModel {
  const { value: state, stop: stopState } = fromStore(room.state)
  const people = computed(() => {
    const { self, peers } = state.value
    const others = peers.toSorted((a, b) => a.joinedAt.localeCompare(b.joinedAt))
    return [...others, { ...self, mic: media.mic.on.value, cam: media.cam.on.value }]
  })
  const reactions = createReactions(room)
  const speakers = createSpeakers(state, media)
  const panel = signal<Panel>('none')
  const unread = signal(0)
  const stops = [
    syncDevice('mic', { room, state, media }),
    syncDevice('cam', { room, state, media }),
    watchNews({ room, state, media, panel, unread }),
    reactions.stop,
    speakers.stop,
    stopState,
    () => media.stop(),
  ]
  return {
    room,
    media,
    state,
    people,
    hands: computed(() => handPositions(people.value)),
    speaking: speakers.speaking,
    reactions,
    panel,
    dialog: signal<RoomDialog>('none'),
    unread,
    soundBlocked: signal(false),
    stop() {
      for (const stop of stops) stop()
    },
  }
}
