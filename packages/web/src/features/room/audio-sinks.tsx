import type { Signal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import type { RoomModel } from './room-model.ts'
import { report } from '../../report.ts'

/** The sound of everybody else, whether or not their picture is shown. */
export function AudioSinks({ model }: { model: RoomModel }) {
  const { peers, remote } = model.state.value
  return (
    <div hidden>
      {peers.flatMap(({ id }) => {
        const media = remote.get(id)
        return (['camera', 'screen'] as const).map((kind) => {
          const stream = media?.[kind] ?? null
          return (
            stream !== null && (
              <AudioSink
                key={`${id}/${kind}`}
                stream={stream}
                blocked={model.soundBlocked}
                speaker={model.preferences.speaker.value}
              />
            )
          )
        })
      })}
    </div>
  )
}

interface AudioSinkProps {
  stream: MediaStream
  blocked: Signal<boolean>
  /** Empty for the browser's choice. */
  speaker: string
}

function AudioSink({ stream, blocked, speaker }: AudioSinkProps) {
  const ref = useRef<HTMLAudioElement>(null)
  useEffect(() => {
    const audio = ref.current
    if (audio === null) return
    const play = () => {
      if (stream.getAudioTracks().length === 0) return
      audio.play().catch((error: unknown) => {
        if (error instanceof DOMException && error.name === 'NotAllowedError') blocked.value = true
        else if (!(error instanceof DOMException && error.name === 'AbortError')) report('Sound does not play', error)
      })
    }
    if (audio.srcObject !== stream) audio.srcObject = stream
    play()
    stream.addEventListener('addtrack', play)
    return () => stream.removeEventListener('addtrack', play)
  }, [stream])
  useEffect(() => {
    // Where a browser has no such choice, there is no list to choose from either. A loudspeaker that is gone leaves the usual one.
    ref.current?.setSinkId?.(speaker).catch((error: unknown) => report('The loudspeaker could not be used', error))
  }, [speaker])
  return <audio ref={ref} autoplay />
}
