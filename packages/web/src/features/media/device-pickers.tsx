import type { Signal } from '@preact/signals'
import { Mic, Video, Volume2 } from 'lucide-preact'
import { Select } from '../../ui/select.tsx'
import type { DeviceKind } from './capture.ts'
import type { LocalDevice, LocalMedia } from './local-media.ts'
import { useDevices, type DeviceOption } from './use-devices.ts'

interface DevicePickersProps {
  media: LocalMedia
  onChoose: (kind: DeviceKind, deviceId: string) => void
  /** The loudspeaker to use, where it can be chosen. */
  speaker?: Signal<string>
}

/** Which microphone, camera and loudspeaker to use. */
export function DevicePickers({ media, onChoose, speaker }: DevicePickersProps) {
  const lists = useDevices(`${media.mic.track.value?.id}/${media.cam.track.value?.id}`)
  return (
    <div class="pickers">
      <Select
        label="Microphone"
        icon={Mic}
        testId="pick-mic"
        {...shown(media.mic, lists.mic, 'No microphone found')}
        onChange={(id) => onChoose('mic', id)}
      />
      <Select
        label="Camera"
        icon={Video}
        testId="pick-cam"
        {...shown(media.cam, lists.cam, 'No camera found')}
        onChange={(id) => onChoose('cam', id)}
      />
      {speaker !== undefined && lists.speaker.length > 0 && (
        <Select
          label="Speaker"
          icon={Volume2}
          testId="pick-speaker"
          value={lists.speaker.some(({ value }) => value === speaker.value) ? speaker.value : ''}
          options={[{ value: '', label: 'Default of this device' }, ...lists.speaker]}
          onChange={(id) => (speaker.value = id)}
        />
      )}
    </div>
  )
}

function shown(device: LocalDevice, options: readonly DeviceOption[], none: string) {
  if (options.length === 0) return { value: '', options: [{ value: '', label: none }], disabled: true }
  const inUse = device.track.value?.getSettings().deviceId ?? device.deviceId.value
  const known = options.some((option) => option.value === inUse)
  return { value: known ? inUse : (options[0]?.value ?? ''), options }
}
