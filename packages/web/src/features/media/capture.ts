import { report } from '../../report.ts'

export type DeviceKind = 'mic' | 'cam'

const keys = { mic: 'parley.mic', cam: 'parley.cam' } as const

const constraints = {
  mic: { echoCancellation: true, noiseSuppression: true, autoGainControl: true },
  cam: { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30, max: 30 } },
} as const

const wanted = (kind: DeviceKind, deviceId: string) =>
  deviceId === '' ? constraints[kind] : { ...constraints[kind], deviceId: { ideal: deviceId } }

/** Opens microphone and camera with one question to the person; null if they cannot be had together. */
export async function captureBoth(micId: string, camId: string): Promise<Record<DeviceKind, MediaStreamTrack> | null> {
  try {
    const stream = await navigator.mediaDevices.getUserMedia({
      audio: wanted('mic', micId),
      video: wanted('cam', camId),
    })
    const [mic] = stream.getAudioTracks()
    const [cam] = stream.getVideoTracks()
    return mic === undefined || cam === undefined ? null : { mic, cam }
  } catch (error) {
    report('Camera and microphone could not be opened together; trying each', error)
    return null
  }
}

/** Opens a device: the chosen one, or any if that one is gone. Rejects as `getUserMedia` does. */
export async function captureTrack(kind: DeviceKind, deviceId: string): Promise<MediaStreamTrack> {
  if (navigator.mediaDevices === undefined) throw new TypeError('No media devices on an insecure page')
  const asked = kind === 'mic' ? { audio: wanted(kind, deviceId) } : { video: wanted(kind, deviceId) }
  const stream = await navigator.mediaDevices.getUserMedia(asked)
  const track = stream.getTracks()[0]
  if (track === undefined) throw new DOMException('The stream has no track', 'NotFoundError')
  return track
}

/** The devices chosen on this computer before; empty for none. */
export const readChoices = (): Record<DeviceKind, string> => ({
  mic: localStorage.getItem(keys.mic) ?? '',
  cam: localStorage.getItem(keys.cam) ?? '',
})

export const storeChoice = (kind: DeviceKind, deviceId: string): void => localStorage.setItem(keys[kind], deviceId)

/** Whether this browser can share a screen (phones cannot). */
export const canShareScreen = (): boolean => typeof navigator.mediaDevices?.getDisplayMedia === 'function'

/** Asks for a screen, window or tab. Null if the person changed their mind. */
export async function captureScreen(): Promise<MediaStream | null> {
  try {
    return await navigator.mediaDevices.getDisplayMedia({ video: { frameRate: { ideal: 15, max: 30 } }, audio: true })
  } catch (error) {
    if (error instanceof DOMException && error.name === 'NotAllowedError') return null
    throw error
  }
}
