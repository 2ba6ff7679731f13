import type { MediaView, Room } from '@parley/client'
import type { ReadonlySignal } from '@preact/signals'

export type Pictured = 'camera' | 'screen'

/** Collects which pictures are in sight, and tells the room, which then loads no others. */
export interface ViewReport {
  /** Follows a picture of a person while it is in the page; returns what ends it. */
  watch(participantId: string, what: Pictured, element: HTMLElement): () => void
  stop(): void
}

const settleMs = 150

export function createViewReport(room: Room, audioOnly: ReadonlySignal<boolean>): ViewReport {
  const shown = new Map<HTMLElement, { id: string; what: Pictured; height: number; inSight: boolean }>()
  let timer: ReturnType<typeof setTimeout> | undefined
  const tell = () => {
    clearTimeout(timer)
    timer = setTimeout(() => room.setView(viewOf([...shown.values()], audioOnly.peek())), settleMs)
  }
  const sizes = new ResizeObserver((entries) => {
    for (const { target, contentRect } of entries) change(target, { height: contentRect.height * devicePixelRatio })
  })
  const sights = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) change(target, { inSight: isIntersecting })
  })
  const change = (target: Element, change: { height?: number; inSight?: boolean }) => {
    const known = target instanceof HTMLElement ? shown.get(target) : undefined
    if (known === undefined) return
    Object.assign(known, change)
    tell()
  }
  const stopEffect = audioOnly.subscribe(tell)
  document.addEventListener('visibilitychange', tell)
  return {
    watch(id, what, element) {
      shown.set(element, { id, what, height: 0, inSight: false })
      sizes.observe(element)
      sights.observe(element)
      return () => {
        shown.delete(element)
        sizes.unobserve(element)
        sights.unobserve(element)
        tell()
      }
    },
    stop() {
      clearTimeout(timer)
      stopEffect()
      document.removeEventListener('visibilitychange', tell)
      sizes.disconnect()
      sights.disconnect()
    },
  }
}

/** A tab that nobody looks at shows nothing. */
function viewOf(
  shown: readonly { id: string; what: Pictured; height: number; inSight: boolean }[],
  audioOnly: boolean,
): MediaView {
  const cameras = new Map<string, number>()
  const screens = new Set<string>()
  if (audioOnly || document.visibilityState === 'hidden') return { cameras, screens }
  for (const { id, what, height, inSight } of shown) {
    if (!inSight) continue
    if (what === 'screen') screens.add(id)
    else cameras.set(id, Math.max(height, cameras.get(id) ?? 0))
  }
  return { cameras, screens }
}
