import { Mic, Video } from 'lucide-preact'
import { Select } from '../../ui/select.tsx'
import type { DeviceKind } from './capture.ts'
import type { LocalDevice, LocalMedia } from './local-media.ts'
import { useDevices, type DeviceOption } from './use-devices.ts'

interface DevicePickersProps {
  media: LocalMedia
  onChoose: (kind: DeviceKind, deviceId: string) => void
}

/** Which microphone and which camera to use. */
export function DevicePickers({ media, onChoose }: DevicePickersProps) {
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
    </div>
  )
}

function shown(device: LocalDevice, options: readonly DeviceOption[], none: string) {
  if (options.length === 0) return { value: '', options: [{ value: '', label: none }], disabled: true }
  const inUse = device.track.value?.getSettings().deviceId ?? device.deviceId.value
  const known = options.some((option) => option.value === inUse)
  return { value: known ? inUse : (options[0]?.value ?? ''), options }
}
