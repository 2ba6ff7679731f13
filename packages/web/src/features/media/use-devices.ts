import { useEffect, useState } from 'preact/hooks'
import { report } from '../../report.ts'

export interface DeviceOption {
  value: string
  label: string
}
export interface DeviceLists {
  mic: readonly DeviceOption[]
  cam: readonly DeviceOption[]
  speaker: readonly DeviceOption[]
}

/** The microphones, cameras and loudspeakers there are; read again when one is plugged in, and when `refresh` changes (names appear with the permission). */
export function useDevices(refresh: unknown): DeviceLists {
  const [lists, setLists] = useState<DeviceLists>({ mic: [], cam: [], speaker: [] })
  useEffect(() => {
    const media = navigator.mediaDevices
    if (media === undefined) return
    let current = true
    const read = () => {
      media.enumerateDevices().then(
        (all) => {
          if (current)
            setLists({
              mic: options(all, 'audioinput', 'Microphone'),
              cam: options(all, 'videoinput', 'Camera'),
              speaker: options(all, 'audiooutput', 'Speaker'),
            })
        },
        (error: unknown) => report('The devices could not be listed', error),
      )
    }
    read()
    media.addEventListener('devicechange', read)
    return () => {
      current = false
      media.removeEventListener('devicechange', read)
    }
  }, [refresh])
  return lists
}

const options = (all: readonly MediaDeviceInfo[], kind: MediaDeviceKind, name: string): DeviceOption[] =>
  all
    .filter((device) => device.kind === kind && device.deviceId !== '')
    .map((device, index) => ({
      value: device.deviceId,
      label: device.label === '' ? `${name} ${index + 1}` : device.label,
    }))
