import { signalingBus, type ServerMessage } from '@parley/contracts'
import { tell, type Bus, type Clock, type EdgeAuth, type Kv, type Logger } from '@parley/kit'
import type { IceServers } from './ice/ice-servers.ts'
import { messageFrame } from './room/frames.ts'
import type { LiveRoom } from './room/live-room.ts'
import type { RoomRegistry } from './room/registry.ts'
import type { StoreLife } from './room/store-life.ts'

/** What handlers work with. */
export interface Context {
  node: string
  bus: Bus
  kv: Kv
  clock: Clock
  log: Logger
  auth: EdgeAuth
  rooms: RoomRegistry
  /** The incarnation of the room store, and its time. */
  life: StoreLife
  ice: IceServers
}

/** Sends a message to one participant, on this node or the one that has the socket. False: not in the room. */
export function sendTo(context: Context, room: LiveRoom, to: string, message: ServerMessage): boolean {
  const seat = room.state.seats.get(to)
  if (!seat) return false
  const local = room.locals.get(to)
  const sentAt = context.clock.now()
  if (local && seat.node === context.node) {
    local.direct(messageFrame(message), message.type === 'rtc.signal' ? { ...message.payload, sentAt } : undefined)
  } else tell(context.bus, signalingBus.relay, { node: seat.node }, { meetingId: room.meetingId, to, message, sentAt })
  return true
}
