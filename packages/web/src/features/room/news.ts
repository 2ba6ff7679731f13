import type { Room, RoomState } from '@parley/client'
import type { MediaKind, Message } from '@parley/contracts'
import { effect, type ReadonlySignal, type Signal } from '@preact/signals'
import { comings, isolated, listNames } from '../../lib/people.ts'
import { toast } from '../../ui/toast.tsx'
import type { LocalMedia } from '../media/local-media.ts'
import type { Panel } from './room-model.ts'

interface NewsDeps {
  room: Room
  state: ReadonlySignal<RoomState>
  media: LocalMedia
  panel: Signal<Panel>
  unread: Signal<number>
}

const previewLength = 80

/** Says in toasts (which are a live region too) who came, went, spoke in the chat or muted one; counts unread messages. */
export function watchNews({ room, state, media, panel, unread }: NewsDeps): () => void {
  let before = state.peek()
  const stops = [
    effect(() => {
      const after = state.value
      announce(before, after)
      before = after
    }),
    effect(() => {
      if (panel.value === 'chat') unread.value = 0
    }),
    room.on('message', (message) => {
      if (panel.peek() === 'chat' || isOwn(message, state.peek()) || message.type === 'system') return
      unread.value = unread.peek() + 1
      toast(`${isolated(message.sender.name)}${message.sender.guest ? ' (guest)' : ''}: ${shorten(message.text ?? '')}`)
    }),
    room.on('muted', ({ kind, by }) => tellMuted(kind, by)),
  ]
  const tellMuted = (kind: MediaKind, by: string) => {
    if (kind !== 'screen') media.turnOff(kind)
    const name = state.peek().peers.find((peer) => peer.id === by)?.name ?? 'The host'
    toast(`${isolated(name)} ${muteWords[kind]}`)
  }
  return () => {
    for (const stop of stops) stop()
  }
}

const muteWords: Record<MediaKind, string> = {
  mic: 'muted your microphone',
  cam: 'turned off your camera',
  screen: 'stopped your screen sharing',
}

/** Whether one wrote a message oneself: it is signed with the account or with the participant. */
export const isOwn = (message: Message, { self }: RoomState): boolean =>
  message.sender.id === self.userId || message.sender.id === self.id

function announce(before: RoomState, after: RoomState): void {
  const waited = new Set(before.lobby.map((entry) => entry.participantId))
  const waits = after.lobby.filter((entry) => !waited.has(entry.participantId)).map((entry) => entry.name)
  if (waits.length > 0) toast(`${listNames(waits)} ${waits.length === 1 ? 'is' : 'are'} waiting to be let in`)
  if (before.peers === after.peers || after.status.state !== 'joined') return
  const { joined, left } = comings(before.peers, after.peers)
  if (joined.length > 0) toast(`${listNames(joined.map((person) => person.name))} joined`)
  if (left.length > 0) toast(`${listNames(left.map((person) => person.name))} left`)
  const was = new Map(before.peers.map((peer) => [peer.id, peer]))
  for (const peer of after.peers) {
    const old = was.get(peer.id)
    if (old !== undefined && old.hand === null && peer.hand !== null) toast(`${isolated(peer.name)} raised a hand`)
    if (old !== undefined && !old.screen && peer.screen) toast(`${isolated(peer.name)} is presenting`)
  }
}

const shorten = (text: string) => (text.length > previewLength ? `${text.slice(0, previewLength)}…` : text)
