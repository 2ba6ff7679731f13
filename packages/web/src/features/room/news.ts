import type { Room, RoomState } from '@parley/client'
import type { MediaKind, Message, Participant } from '@parley/contracts'
import { effect, type ReadonlySignal, type Signal } from '@preact/signals'
import { briefly, comings, listNames } from '../../lib/people.ts'
import { toast } from '../../ui/toast.tsx'
import type { DeviceLoss, LocalMedia } from '../media/local-media.ts'
import type { Preferences } from './preferences.ts'
import type { Panel } from './room-model.ts'
import { playSound } from './sounds.ts'

interface NewsDeps {
  room: Room
  state: ReadonlySignal<RoomState>
  media: LocalMedia
  panel: Signal<Panel>
  unread: Signal<number>
  preferences: Preferences
}

const previewLength = 80
/** Events within this time are told together: fifty people who join are one line. */
const collectMs = 300

/** Says in toasts (which are a live region too) who came, went, spoke in the chat or muted one; counts unread messages. */
export function watchNews({ room, state, media, panel, unread, preferences }: NewsDeps): () => void {
  let before = state.peek()
  let timer: ReturnType<typeof setTimeout> | undefined
  const tell = () => {
    timer = undefined
    const after = state.peek()
    announce(before, after, preferences)
    before = after
  }
  const stops = [
    state.subscribe(() => {
      timer ??= setTimeout(tell, collectMs)
    }),
    () => clearTimeout(timer),
    effect(() => {
      if (panel.value === 'chat') unread.value = 0
    }),
    room.on('message', (message) => {
      if (panel.peek() === 'chat' || isOwn(message, state.peek()) || message.type === 'system') return
      unread.value = unread.peek() + 1
      if (preferences.chatSound.peek()) playSound('chat')
      toast(`${briefly(message.sender.name)}${message.sender.guest ? ' (guest)' : ''}: ${shorten(message.text ?? '')}`)
    }),
    media.onLost((loss) => tellLost(loss)),
    room.on('muted', ({ kind, by }) => tellMuted(kind, by)),
  ]
  const tellMuted = (kind: MediaKind, by: string) => {
    if (kind !== 'screen') media.turnOff(kind)
    const name = state.peek().peers.find((peer) => peer.id === by)?.name ?? 'The host'
    toast(`${briefly(name)} ${muteWords[kind]}`)
  }
  return () => {
    for (const stop of stops) stop()
  }
}

function tellLost({ kind, replacement }: DeviceLoss): void {
  const device = kind === 'mic' ? 'microphone' : 'camera'
  const now = replacement === null ? 'Choose another one in Settings.' : `Now using ${replacement || 'another one'}.`
  toast(`Your ${device} is gone. ${now}`, 'problem')
}

const muteWords: Record<MediaKind, string> = {
  mic: 'muted your microphone',
  cam: 'turned off your camera',
  screen: 'stopped your screen sharing',
}

/** Whether one wrote a message oneself: it is signed with the account or with the participant. */
export const isOwn = (message: Message, { self }: RoomState): boolean =>
  message.sender.id === self.userId || message.sender.id === self.id

function announce(before: RoomState, after: RoomState, sounds: Preferences): void {
  const waited = new Set(before.lobby.map((entry) => entry.participantId))
  const waits = after.lobby.filter((entry) => !waited.has(entry.participantId)).map((entry) => entry.name)
  if (waits.length > 0 && sounds.knockSound.peek()) playSound('knock')
  if (waits.length > 0) toast(`${listNames(waits)} ${waits.length === 1 ? 'is' : 'are'} waiting to be let in`)
  if (isLit(after.self) && !isLit(before.self)) toast('You are shown large to everybody')
  if (before.peers === after.peers || after.status.state !== 'joined') return
  const { joined, left } = comings(before.peers, after.peers)
  if (joined.length > 0 && sounds.joinSound.peek()) playSound('join')
  tellTogether('joined', joined)
  tellTogether('left', left)
  const was = new Map(before.peers.map((peer) => [peer.id, peer]))
  const begun = (what: (person: Participant) => boolean) =>
    after.peers
      .filter((peer) => what(peer) && was.has(peer.id) && !what(was.get(peer.id) ?? peer))
      .map(({ name }) => name)
  const shown = begun(isLit)
  if (shown.length > 0) toast(`${listNames(shown)} is shown large to everybody`)
  const raised = begun((peer) => peer.hand !== null)
  const presenting = begun((peer) => peer.screen)
  if (raised.length > 0) toast(`${listNames(raised)} raised ${raised.length === 1 ? 'a hand' : 'their hands'}`)
  if (presenting.length > 0) toast(`${listNames(presenting)} ${presenting.length === 1 ? 'is' : 'are'} presenting`)
}

/** For as long as such a toast is shown, those who come after are added to it: a full house is one line. */
const togetherMs = 4_500
const lately: Record<'joined' | 'left', { names: readonly string[]; at: number }> = {
  joined: { names: [], at: 0 },
  left: { names: [], at: 0 },
}

function tellTogether(what: keyof typeof lately, people: readonly Participant[]): void {
  if (people.length === 0) return
  const { names, at } = lately[what]
  const now = performance.now()
  const all = [...(now - at < togetherMs ? names : []), ...people.map(({ name }) => name)]
  lately[what] = { names: all, at: now }
  toast(`${listNames(all)} ${what}`, 'info', what)
}

const isLit = ({ spotlight }: Participant): boolean => spotlight === true

const shorten = (text: string) => (text.length > previewLength ? `${text.slice(0, previewLength)}…` : text)
