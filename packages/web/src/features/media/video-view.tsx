import { useEffect, useRef, useState } from 'preact/hooks'
import { report } from '../../report.ts'

interface VideoViewProps {
  stream: MediaStream
  mirrored?: boolean
  /** Show all of it rather than fill the place. */
  whole?: boolean
  label: string
}

/** A live picture. Always silent: sound comes from `AudioSinks`, which play also for those without a picture. */
export function VideoView({ stream, mirrored = false, whole = false, label }: VideoViewProps) {
  const ref = useRef<HTMLVideoElement>(null)
  const [shown, setShown] = useState(false)
  useEffect(() => {
    const video = ref.current
    if (video === null) return
    video.muted = true
    if (video.srcObject !== stream) video.srcObject = stream
    video.play().catch((error: unknown) => {
      // A play() that a new stream or the removal of the element cut short is no fault.
      if (!(error instanceof DOMException && error.name === 'AbortError')) report('A video does not play', error)
    })
  }, [stream])
  return (
    <video
      ref={ref}
      class={`video${mirrored ? ' video--mirrored' : ''}${whole ? ' video--whole' : ''}${shown ? ' video--shown' : ''}`}
      autoplay
      playsInline
      aria-label={label}
      onLoadedData={() => setShown(true)}
    />
  )
}
