import { batch, signal, type ReadonlySignal } from '@preact/signals'
import { mediaFault, type MediaFault } from './fault.ts'
import { captureBoth, captureTrack, readChoices, storeChoice, type DeviceKind } from './capture.ts'
import { report } from '../../report.ts'

/** One device of one's own: switched on or off, and the track while there is one. */
export interface LocalDevice {
  readonly on: ReadonlySignal<boolean>
  readonly track: ReadonlySignal<MediaStreamTrack | null>
  readonly fault: ReadonlySignal<MediaFault | null>
  readonly starting: ReadonlySignal<boolean>
  /** Of the device in use, or the one to use next; empty for the browser's choice. */
  readonly deviceId: ReadonlySignal<string>
}

/** A device that was in use ended: it was unplugged, or its permission was taken back. */
export interface DeviceLoss {
  kind: DeviceKind
  /** The devices used now, as the browser names them; null: there is no other. */
  replacement: string | null
}

/** One's own camera and microphone, before and in a meeting. */
export interface LocalMedia {
  readonly mic: LocalDevice
  readonly cam: LocalDevice
  /** Tells when a device in use went away, and of the one that took its place, if any. Returns what stops it. */
  onLost(listener: (loss: DeviceLoss) => void): () => void
  /** Turns both on, with one question for permission; what fails shows in `fault`. */
  start(): Promise<void>
  /** Waits for devices that are being opened, at most `ms`: who goes in meanwhile would go in silent and unseen. */
  opened(ms: number): Promise<void>
  /** Resolves to the live track; null when there is none to be had (see `fault`). */
  turnOn(kind: DeviceKind): Promise<MediaStreamTrack | null>
  /** The microphone stays open, silent; the camera is let go, so that its light goes out. */
  turnOff(kind: DeviceKind): void
  /** Uses another device from now on; resolves to its track if it is on. */
  choose(kind: DeviceKind, deviceId: string): Promise<MediaStreamTrack | null>
  /**
   * A stream of the tracks there are, perhaps none, for a room to send. From now on the room decides when a track flows
   * (off at once, on when the server agreed); only opening and closing devices stays here.
   */
  handOver(): MediaStream
  stop(): void
}

export function createLocalMedia(): LocalMedia {
  const listeners = new Set<(loss: DeviceLoss) => void>()
  const lost = (loss: DeviceLoss) => listeners.forEach((listener) => listener(loss))
  const mic = createDevice('mic', lost)
  const cam = createDevice('cam', lost)
  const of = (kind: DeviceKind) => (kind === 'mic' ? mic : cam)
  let opening: Promise<void> | null = null
  const openBoth = async () => {
    const takeMic = mic.begin()
    const takeCam = cam.begin()
    const both = await captureBoth(mic.deviceId.peek(), cam.deviceId.peek())
    if (both === null) await Promise.all([mic.turnOn(), cam.turnOn()])
    else {
      takeMic(both.mic)
      takeCam(both.cam)
    }
  }
  const start = () => {
    if (mic.track.peek() !== null || cam.track.peek() !== null) return Promise.resolve()
    opening ??= openBoth().finally(() => (opening = null))
    return opening
  }
  return {
    mic,
    cam,
    onLost(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    start,
    async opened(ms) {
      await Promise.race([opening, new Promise((resolve) => setTimeout(resolve, ms))])
    },
    turnOn: (kind) => of(kind).turnOn(),
    turnOff: (kind) => of(kind).turnOff(),
    choose: (kind, deviceId) => of(kind).choose(deviceId),
    handOver() {
      mic.handOver()
      cam.handOver()
      return new MediaStream([mic.track.peek(), cam.track.peek()].filter((track) => track !== null))
    },
    stop() {
      mic.release()
      cam.release()
    },
  }
}

function createDevice(kind: DeviceKind, lost: (loss: DeviceLoss) => void) {
  const on = signal(false)
  const track = signal<MediaStreamTrack | null>(null)
  const fault = signal<MediaFault | null>(null)
  const starting = signal(false)
  const deviceId = signal(readChoices()[kind])
  let latest = 0
  let handedOver = false

  const release = () => {
    latest += 1
    track.peek()?.stop()
    batch(() => {
      track.value = null
      on.value = false
      starting.value = false
    })
  }
  /** Says that the device is being opened; the answer takes its track, unless something else was asked for meanwhile. */
  const begin = () => {
    latest += 1
    const mine = latest
    starting.value = true
    return (opened: MediaStreamTrack) => {
      if (mine !== latest) return discard(opened)
      starting.value = false
      return take(opened)
    }
  }
  const open = async (): Promise<MediaStreamTrack | null> => {
    const takeOpened = begin()
    const mine = latest
    try {
      return takeOpened(await captureTrack(kind, deviceId.peek()))
    } catch (error) {
      if (mine === latest) fail(mediaFault(error), error)
      return null
    }
  }
  const take = (opened: MediaStreamTrack) => {
    track.peek()?.stop()
    opened.addEventListener('ended', () => {
      if (track.peek() === opened) void replaceLost()
    })
    batch(() => {
      track.value = opened
      fault.value = null
      on.value = true
    })
    return opened
  }
  /** Takes any other device in place of one that ended while it was on. */
  const replaceLost = async () => {
    const wasOn = on.peek()
    report(`The ${kind} ended`, new Error('It was unplugged, or its permission was taken back'))
    release()
    deviceId.value = ''
    const opened = wasOn ? await open() : null
    lost({ kind, replacement: opened?.label ?? null })
  }
  const fail = (reason: MediaFault, cause: unknown) => {
    report(`No ${kind}`, cause)
    release()
    fault.value = reason
  }
  const turnOn = async () => {
    const live = track.peek()
    if (live === null || live.readyState === 'ended') return open()
    if (!handedOver) live.enabled = true
    on.value = true
    return live
  }
  const turnOff = () => {
    if (kind === 'cam') return release()
    latest += 1
    const live = track.peek()
    if (live !== null) live.enabled = false
    on.value = false
    starting.value = false
  }
  const choose = async (id: string) => {
    deviceId.value = id
    storeChoice(kind, id)
    if (on.peek() || fault.peek() !== null) return open()
    if (track.peek() !== null) release()
    return null
  }
  const handOver = () => {
    handedOver = true
  }
  return { on, track, fault, starting, deviceId, turnOn, turnOff, choose, release, begin, handOver }
}

function discard(track: MediaStreamTrack): null {
  track.stop()
  return null
}
