import { effect, signal, type ReadonlySignal } from '@preact/signals'
import { createSpeechGate, watchLevel } from '../media/level.ts'
import type { LocalMedia } from '../media/local-media.ts'

const speaksMs = 600
const shownMs = 4_000
const restMs = 20_000

/**
 * True for a moment when one speaks while the microphone is off. A copy of the track listens for that, on this computer only:
 * the track that others would hear stays silent.
 */
export function createMutedHint(media: LocalMedia): { shown: ReadonlySignal<boolean>; stop: () => void } {
  const shown = signal(false)
  let timer: ReturnType<typeof setTimeout> | undefined
  let nextAt = 0
  const listen = (track: MediaStreamTrack) => {
    const copy = track.clone()
    copy.enabled = true
    const gate = createSpeechGate()
    let since: number | null = null
    const stopLevel = watchLevel(new MediaStream([copy]), (level) => {
      const now = performance.now()
      if (!gate(level, now)) since = null
      else since ??= now
      if (since === null || now - since < speaksMs || now < nextAt) return
      nextAt = now + restMs
      shown.value = true
      timer = setTimeout(() => (shown.value = false), shownMs)
    })
    return () => {
      stopLevel()
      copy.stop()
    }
  }
  const stopEffect = effect(() => {
    const track = media.mic.track.value
    if (track === null || media.mic.on.value) {
      shown.value = false
      return
    }
    return listen(track)
  })
  return {
    shown,
    stop() {
      stopEffect()
      clearTimeout(timer)
    },
  }
}
