import type { ServerMessage } from '@parley/contracts'
import { ProblemError, type Bus, type Clock, type EdgeAuth, type Kv, type Logger } from '@parley/kit'
import type { Journal } from '../watch/journal.ts'
import type { IceServers } from '../ice/ice-servers.ts'
import type { Relays } from '../relay/relays.ts'
import { messageFrame } from '../room/frames.ts'
import type { LiveRoom } from '../room/live-room.ts'
import type { RoomRegistry } from '../room/registry.ts'
import type { StoreLife } from '../room/store-life.ts'
import type { SfuAccess } from '../sfu/sfu-links.ts'
import type { SenderBytes } from './sender-bytes.ts'
import type { SocketShares } from '../socket/socket-shares.ts'

/** The dependencies of handlers. */
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
  /** Places that one person may hold in a room at once. */
  seatsPerPerson: number
  /** How many sockets each person has here. */
  shares: SocketShares
  bytes: SenderBytes
  relays: Relays
  sfu: SfuAccess
  /** Tells operators of the sockets. */
  journal: Journal
}

/**
 * Sends a message to one participant, on this node or the one that has the socket. False: not in the room. A signal that cannot be
 * passed on now is the problem `unavailable`; what tells of something that has happened is passed on when the bus is back.
 */
export function sendTo(
  context: Context,
  room: LiveRoom,
  { to, message, request }: { to: string; message: ServerMessage; request?: string | undefined },
): boolean {
  const { bus, bytes, clock, node, relays } = context
  const seat = room.state.seats.get(to)
  if (!seat) return false
  const signal = message.type === 'rtc.signal' ? message.payload : null
  const sentAt = clock.now()
  if (seat.node !== node) {
    if (signal && !bus.connected()) throw new ProblemError('unavailable', 'The other node cannot be reached')
    relays.pass(seat.node, {
      meetingId: room.meetingId,
      to,
      message,
      sentAt,
      ...(request !== undefined && { request }),
    })
    return true
  }
  const local = room.locals.get(to)
  if (local) {
    const frame = messageFrame(message)
    const now = clock.monotonic()
    if (signal) bytes.checkReaches(local, signal.from, frame.length, now)
    local.direct(frame, signal ? { ...signal, sentAt, request, now } : undefined)
  } else if (signal)
    throw new ProblemError('unavailable', 'The session of that participant is on its way to another node')
  return true
}
