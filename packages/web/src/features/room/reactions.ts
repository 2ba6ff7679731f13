import type { Room } from '@parley/client'
import { signal, type ReadonlySignal } from '@preact/signals'
import { attempt } from '../../ui/attempt.ts'

export const reactionChoices = ['👍', '❤️', '😂', '🎉', '👏', '😮'] as const

/** A reaction on its way up the screen. */
interface Floating {
  key: number
  reaction: string
  name: string
  /** Where it rises, in percent of the width. */
  left: number
}

export interface Reactions {
  readonly floating: ReadonlySignal<readonly Floating[]>
  send: (reaction: string) => void
  stop: () => void
}

const shownMs = 4000
const mostShown = 30
const lanes = [12, 34, 22, 46, 8, 28, 40]

/** Reactions of everybody; one's own is shown at once, not when it comes back. */
export function createReactions(room: Room): Reactions {
  const floating = signal<readonly Floating[]>([])
  let count = 0
  const show = (reaction: string, name: string) => {
    const key = count
    count += 1
    const left = lanes[key % lanes.length] ?? 20
    floating.value = [...floating.peek(), { key, reaction, name, left }].slice(-mostShown)
    setTimeout(() => {
      floating.value = floating.peek().filter((shown) => shown.key !== key)
    }, shownMs)
  }
  const stop = room.on('reaction', ({ participantId, reaction }) => {
    const { self, peers } = room.state.get()
    if (participantId === self.id) return
    show(reaction, peers.find((peer) => peer.id === participantId)?.name ?? '')
  })
  const send = (reaction: string) => {
    show(reaction, 'You')
    attempt(room.react(reaction))
  }
  return { floating, send, stop }
}
