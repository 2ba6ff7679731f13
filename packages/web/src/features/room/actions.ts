import { attempt } from '../../ui/attempt.ts'
import { toast } from '../../ui/toast.tsx'
import { captureScreen, type DeviceKind } from '../media/capture.ts'
import { describeFault } from '../media/fault.ts'
import { blockedBy } from './allowed.ts'
import type { Panel, RoomModel } from './room-model.ts'

/** Switches one's microphone or camera; the model tells the room. */
export async function toggleDevice({ media, state }: RoomModel, kind: DeviceKind): Promise<void> {
  const device = media[kind]
  const blocked = blockedBy(state.peek(), kind)
  if (blocked !== undefined && !device.on.peek()) return toast(blocked, 'problem')
  if (device.on.peek() || device.starting.peek()) return media.turnOff(kind)
  const track = await media.turnOn(kind)
  const fault = device.fault.peek()
  if (track === null && fault !== null) toast(describeFault(kind, fault), 'problem')
}

export function toggleHand({ room, state }: RoomModel): void {
  attempt(state.peek().self.hand === null ? room.raiseHand() : room.lowerHand())
}

/** Starts or ends sharing one's screen. The SDK ends it too when the browser's own button is used. */
export function toggleScreen({ room, state }: RoomModel): void {
  attempt(state.peek().localScreen === null ? shareScreen(room) : room.stopScreen())
}

async function shareScreen(room: RoomModel['room']): Promise<void> {
  const stream = await captureScreen()
  if (stream === null) return
  try {
    await room.startScreen(stream)
  } catch (error) {
    for (const track of stream.getTracks()) track.stop()
    throw error
  }
}

/** Opens a panel at the side, or closes it if it is the open one. */
export function togglePanel({ panel }: RoomModel, which: Exclude<Panel, 'none'>): void {
  panel.value = panel.peek() === which ? 'none' : which
}
