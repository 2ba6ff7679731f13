import type { Metrics } from '@parley/kit'
import type { Connections } from '../clients/connections.ts'
import type { LiveRoom } from '../room/live-room.ts'
import type { RoomRegistry } from '../room/registry.ts'

/** Shows who is here. Sums over all nodes are right: a participant counts at their node, an occupied room at one. */
export function showRooms(
  metrics: Metrics,
  { node, rooms, connections }: { node: string; rooms: RoomRegistry; connections: Connections },
): void {
  metrics.reading('parley_signaling_sockets', 'Open WebSockets', () => connections.size)
  metrics.reading(
    'parley_signaling_rooms_loaded',
    'Rooms in the memory of this node; a room with people on two nodes is in both',
    () => rooms.size,
  )
  metrics.reading(
    'parley_signaling_rooms',
    'Rooms with people in them, each counted by the node of whoever came first',
    () => count(rooms.rooms(), (room) => (firstNodeOf(room) === node ? 1 : 0)),
  )
  metrics.reading('parley_signaling_participants', 'Participants whose socket is on this node', () =>
    count(rooms.rooms(), (room) => count(room.locals.values(), ({ attached }) => (attached ? 1 : 0))),
  )
}

/** Ids of participants grow with time, and all nodes know the same. */
function firstNodeOf({ state: { seats } }: LiveRoom): string | undefined {
  let first: string | undefined
  for (const id of seats.keys()) if (first === undefined || id < first) first = id
  return first === undefined ? undefined : seats.get(first)?.node
}

function count<T>(all: Iterable<T>, of: (one: T) => number): number {
  let sum = 0
  for (const one of all) sum += of(one)
  return sum
}
