import type { Room, RoomState } from '@parley/client'
import { effect, type ReadonlySignal } from '@preact/signals'
import { attempt } from '../../ui/attempt.ts'
import type { DeviceKind } from '../media/capture.ts'
import type { LocalMedia } from '../media/local-media.ts'

interface SyncDeps {
  room: Room
  state: ReadonlySignal<RoomState>
  media: LocalMedia
}

/**
 * Keeps one's own device and what the room knows of it the same. The room is told of changes one after the other: a new
 * track, on or off; what it refuses is off. A device that the room switches off (a host, a resume) is off here. Returns what ends it.
 */
export function syncDevice(kind: DeviceKind, { room, state, media }: SyncDeps): () => void {
  const device = media[kind]
  const told = { on: device.on.peek(), track: device.track.peek() }
  let queue: Promise<void> = Promise.resolve()
  let waiting = 0
  const tell = async () => {
    const track = device.track.peek()
    if (track !== null && track !== told.track) {
      told.track = track
      await room.replaceTrack(track)
    }
    const on = device.on.peek()
    if (on === told.on) return
    told.on = on
    await (kind === 'mic' ? room.setMic(on) : room.setCam(on))
  }
  const turnedOff = () => {
    told.on = false
    media.turnOff(kind)
  }
  const enqueue = () => {
    waiting += 1
    const done = queue.then(tell).finally(() => (waiting -= 1))
    attempt(done)
    queue = done.catch(turnedOff)
  }
  const stopTelling = effect(() => {
    const changed = device.on.value !== told.on || (device.track.value !== null && device.track.value !== told.track)
    if (changed) enqueue()
  })
  let wasOn = state.peek().self[kind]
  const stopFollowing = effect(() => {
    const isOn = state.value.self[kind]
    if (wasOn && !isOn && waiting === 0) turnedOff()
    wasOn = isOn
  })
  return () => {
    stopTelling()
    stopFollowing()
  }
}
