import type { Metrics } from '@parley/kit'
import type { Connections } from './clients/connections.ts'
import type { Relays } from './relay/relays.ts'
import type { RoomRegistry } from './room/registry.ts'

/** Shows how much waits in the longest queue of each kind; where each is, it is bounded. */
export function showQueues(
  metrics: Metrics,
  { rooms, connections, relays }: { rooms: RoomRegistry; connections: Connections; relays: Relays },
) {
  metrics.queue('room-commands', () => longest(rooms.rooms(), (room) => room.waiting.commands))
  metrics.queue('room-news', () => longest(rooms.rooms(), (room) => room.waiting.news))
  metrics.queue('signals', () => longest(sessionsOf(rooms), (session) => session.signalsKept))
  metrics.queue('held-broadcasts', () => longest(sessionsOf(rooms), (session) => session.broadcastsHeld))
  metrics.queue('relays-kept', () => relays.waiting.kept)
  metrics.queue('relays-held', () => relays.waiting.held)
  metrics.queue('frames-in', () => longest(connections.all(), ({ waiting }) => waiting?.length ?? 0))
}

function longest<T>(all: Iterable<T>, lengthOf: (one: T) => number): number {
  let most = 0
  for (const one of all) most = Math.max(most, lengthOf(one))
  return most
}

function* sessionsOf(rooms: RoomRegistry) {
  for (const room of rooms.rooms()) yield* room.locals.values()
}
