import { Mic } from 'lucide-preact'
import { useEffect, useRef } from 'preact/hooks'
import { meterOf, watchLevel } from '../media/level.ts'
import type { LocalMedia } from '../media/local-media.ts'

/** How loud the microphone is, as a bar; moved without rendering anew. */
export function MicMeter({ media }: { media: LocalMedia }) {
  const ref = useRef<HTMLSpanElement>(null)
  const track = media.mic.on.value ? media.mic.track.value : null
  useEffect(() => {
    if (track === null) return
    return watchLevel(new MediaStream([track]), (level) => {
      ref.current?.style.setProperty('--level', String(meterOf(level)))
    })
  }, [track])
  if (track === null) return null
  return (
    <span class="mic-meter" role="img" aria-label="Microphone level" data-testid="mic-meter">
      <Mic size={14} aria-hidden="true" />
      <span class="mic-meter__track">
        <span class="mic-meter__bar" ref={ref} />
      </span>
    </span>
  )
}
