import type { User } from '@parley/contracts'
import { Mic, MicOff, Video, VideoOff, type LucideIcon } from 'lucide-preact'
import { useEffect, useMemo, useState } from 'preact/hooks'
import { Avatar } from '../../ui/avatar.tsx'
import { Button } from '../../ui/button.tsx'
import { Spinner } from '../../ui/spinner.tsx'
import type { DeviceKind } from '../media/capture.ts'
import { DevicePickers } from '../media/device-pickers.tsx'
import { describeFault } from '../media/fault.ts'
import type { LocalMedia } from '../media/local-media.ts'
import { VideoView } from '../media/video-view.tsx'
import { RoundToggle } from '../room/round-toggle.tsx'
import { MicMeter } from './mic-meter.tsx'

/** One's own picture and sound before the others see and hear them. */
export function Preview({ media, user }: { media: LocalMedia; user: User }) {
  const track = media.cam.track.value
  const stream = useMemo(() => (track === null ? null : new MediaStream([track])), [track])
  const toggle = (kind: DeviceKind) => (media[kind].on.value ? media.turnOff(kind) : void media.turnOn(kind))
  return (
    <section class="preview" aria-label="Preview">
      <div class="preview__stage">
        <Avatar id={user.id} name={user.name} photo={user.avatarFileId} size="tile" />
        {stream !== null && <VideoView stream={stream} mirrored label="Your camera" />}
        <p class="preview__state">
          {media.cam.starting.value ? <Spinner label="Starting the camera" /> : stream === null && 'Camera is off'}
        </p>
        <div class="preview__bar">
          <RoundToggle
            on={media.mic.on.value}
            icons={[Mic, MicOff]}
            label="microphone"
            testId="toggle-mic"
            onClick={() => toggle('mic')}
          />
          <RoundToggle
            on={media.cam.on.value}
            icons={[Video, VideoOff]}
            label="camera"
            testId="toggle-cam"
            onClick={() => toggle('cam')}
          />
        </div>
        <MicMeter media={media} />
      </div>
      <Asking media={media} />
      <Faults media={media} />
      <DevicePickers media={media} onChoose={(kind, id) => void media.choose(kind, id)} />
    </section>
  )
}

const askedMs = 4_000

/** The browser asks for permission and nobody answers: says where to look. */
function Asking({ media }: { media: LocalMedia }) {
  const [late, setLate] = useState(false)
  const starting = media.mic.starting.value || media.cam.starting.value
  useEffect(() => {
    setLate(false)
    if (!starting) return
    const timer = setTimeout(() => setLate(true), askedMs)
    return () => clearTimeout(timer)
  }, [starting])
  if (!late) return null
  return (
    <p class="fault" role="status" data-testid="permission-hint">
      Your browser asks whether this page may use your camera and microphone. Choose Allow near the address bar. You can
      also join without them.
    </p>
  )
}

function Faults({ media }: { media: LocalMedia }) {
  const cam = media.cam.fault.value
  const mic = media.mic.fault.value
  const again = (...kinds: DeviceKind[]) => void Promise.all(kinds.map((kind) => media.turnOn(kind)))
  if (cam !== null && cam === mic) {
    return (
      <Fault
        icon={VideoOff}
        testId="fault-both"
        text={describeFault('both', cam)}
        onRetry={() => again('cam', 'mic')}
      />
    )
  }
  return (
    <>
      {cam !== null && (
        <Fault icon={VideoOff} testId="fault-cam" text={describeFault('cam', cam)} onRetry={() => again('cam')} />
      )}
      {mic !== null && (
        <Fault icon={MicOff} testId="fault-mic" text={describeFault('mic', mic)} onRetry={() => again('mic')} />
      )}
    </>
  )
}

interface FaultProps {
  icon: LucideIcon
  text: string
  testId: string
  onRetry: () => void
}

const Fault = ({ icon: Icon, text, testId, onRetry }: FaultProps) => (
  <div class="fault" role="status" data-testid={testId}>
    <Icon size={18} aria-hidden="true" />
    <p>{text}</p>
    <Button kind="quiet" onClick={onRetry}>
      Try again
    </Button>
  </div>
)
