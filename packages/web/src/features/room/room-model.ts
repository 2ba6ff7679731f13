import type { ConnectionQuality, Parley, Room, RoomState } from '@parley/client'
import type { Participant } from '@parley/contracts'
import { computed, effect, signal, type ReadonlySignal, type Signal } from '@preact/signals'
import { fromStore } from '../../from-store.ts'
import { orderTiles } from '../../lib/order.ts'
import { handPositions } from '../../lib/people.ts'
import type { LocalMedia } from '../media/local-media.ts'
import { createMutedHint } from './muted-hint.ts'
import { watchNews } from './news.ts'
import { createPreferences, type Preferences } from './preferences.ts'
import { createReactions, type Reactions } from './reactions.ts'
import { createScreens, type Screens } from './screens.ts'
import { createSpeakers, type Speakers } from './speakers.ts'
import { createRecordingNotice } from '../recordings/recording-control.tsx'
import { createUploads, type Uploads } from '../files/uploads.ts'
import { syncDevice } from './sync-device.ts'
import { createViewReport, type ViewReport } from './view-report.ts'

export type Panel = 'none' | 'chat' | 'people'
type RoomDialog = 'none' | 'end' | 'leave' | 'settings' | 'meeting' | 'shortcuts'
type Layout = 'grid' | 'speaker'

/** All that the parts of the room page share. */
export interface RoomModel {
  readonly parley: Parley
  readonly room: Room
  readonly media: LocalMedia
  readonly state: ReadonlySignal<RoomState>
  /** The others in the order they came, then oneself, as one knows oneself. */
  readonly people: ReadonlySignal<readonly Participant[]>
  /** The same in the order of their tiles: raised hands first, and nobody who speaks on a later page. */
  readonly tiles: ReadonlySignal<readonly Participant[]>
  /** How many tiles the first page has. */
  readonly pageSize: Signal<number>
  readonly hands: ReadonlySignal<ReadonlyMap<string, number>>
  readonly speakers: Speakers
  readonly screens: Screens
  readonly layout: Signal<Layout>
  /** Whom one wants to see large, here only. */
  readonly pinned: Signal<string | null>
  /** The person shown large: the pinned one, else the one in the spotlight, else the speaker in that layout. Null in a grid. */
  readonly large: ReadonlySignal<Participant | null>
  readonly quality: ReadonlySignal<ReadonlyMap<string, ConnectionQuality>>
  readonly view: ViewReport
  readonly preferences: Preferences
  readonly reactions: Reactions
  readonly panel: Signal<Panel>
  readonly dialog: Signal<RoomDialog>
  readonly unread: Signal<number>
  /** The browser holds sound back until somebody clicks. */
  readonly soundBlocked: Signal<boolean>
  /** One speaks while the microphone is off. */
  readonly speaksMuted: ReadonlySignal<boolean>
  /** The unfinished message, which outlives the panel. */
  readonly draft: Signal<string>
  readonly uploads: Uploads
  /** Ids of the recordings that one was told of. */
  readonly recordingNotice: { readonly seen: Signal<ReadonlySet<string>> }
  stop(): void
}

/** The model of a room that was joined with `media`; it owns both until `stop`. */
export function createRoomModel(parley: Parley, room: Room, media: LocalMedia): RoomModel {
  const { value: state, stop: stopState } = fromStore(room.state)
  const { value: quality, stop: stopQuality } = fromStore(room.quality)
  const people = computed(() => {
    const { self, peers } = state.value
    const others = peers.toSorted((a, b) => a.joinedAt.localeCompare(b.joinedAt))
    return [...others, { ...self, mic: media.mic.on.value, cam: media.cam.on.value }]
  })
  const reactions = createReactions(room)
  const speakers = createSpeakers(state, media)
  const screens = createScreens(state)
  const preferences = createPreferences()
  const panel = signal<Panel>('none')
  const unread = signal(0)
  const pageSize = signal(16)
  const tiles = createTiles(people, speakers, pageSize)
  const layout = signal<Layout>('grid')
  const pinned = signal<string | null>(null)
  const view = createViewReport(room, preferences.audioOnly)
  const hint = createMutedHint(media)
  const uploads = createUploads(parley, room)
  const recordingNotice = createRecordingNotice(state)
  const stops = [
    syncDevice('mic', { room, state, media }),
    syncDevice('cam', { room, state, media }),
    watchNews({ room, state, media, panel, unread, preferences }),
    reactions.stop,
    tiles.stop,
    speakers.stop,
    screens.stop,
    view.stop,
    hint.stop,
    uploads.stop,
    recordingNotice.stop,
    stopState,
    stopQuality,
    () => media.stop(),
  ]
  return {
    parley,
    room,
    media,
    state,
    people,
    tiles: tiles.value,
    pageSize,
    hands: computed(() => handPositions(people.value)),
    speakers,
    screens,
    layout,
    pinned,
    large: computed(() => {
      const lit = people.value.find(({ spotlight }) => spotlight === true)?.id
      const wanted = pinned.value ?? lit ?? (layout.value === 'speaker' ? speakers.active.value : null)
      const found = people.value.find(({ id }) => id === wanted)
      return found ?? (layout.value === 'speaker' ? (state.value.peers[0] ?? null) : null)
    }),
    quality,
    view,
    preferences,
    reactions,
    panel,
    dialog: signal<RoomDialog>('none'),
    unread,
    soundBlocked: signal(false),
    speaksMuted: hint.shown,
    draft: signal(''),
    uploads,
    recordingNotice,
    stop() {
      for (const stop of stops) stop()
    },
  }
}

/**
 * The order of the tiles follows from the one before, so that nobody moves without a reason. One's own tile is the last of the
 * first page.
 */
function createTiles(
  people: ReadonlySignal<readonly Participant[]>,
  speakers: Speakers,
  pageSize: ReadonlySignal<number>,
) {
  const order = signal<readonly string[]>([])
  const stop = effect(() => {
    const spokeAt = speakers.spokeAt.value
    const others = people.value.slice(0, -1)
    const standing = others.map(({ id, hand }) => ({ id, hand, spokeAt: spokeAt.get(id) ?? 0 }))
    order.value = orderTiles(order.peek(), standing, pageSize.value - 1)
  })
  const value = computed(() => {
    const byId = new Map(people.value.map((person) => [person.id, person]))
    const others = order.value.map((id) => byId.get(id)).filter((person) => person !== undefined)
    return others.toSpliced(pageSize.value - 1, 0, ...people.value.slice(-1))
  })
  return { value, stop }
}
