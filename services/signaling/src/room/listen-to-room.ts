import { signalingBus, type ChatNews, type LobbyNews, type RoomEvent } from '@parley/contracts'
import { subscribe, type Bus, type BusSubscription, type Logger } from '@parley/kit'

/** The news of a room: by nodes, by meetings, by chat. */
export type AnyNews = RoomEvent | LobbyNews | ChatNews

/** Hears all that is told to one room. */
export function listenToRoom(
  { bus, log }: { bus: Pick<Bus, 'subscribe'>; log: Logger },
  meetingId: string,
  hear: (news: AnyNews) => void,
): BusSubscription {
  const { room, roomLobby, roomChat } = signalingBus
  const others = [
    subscribe(bus, roomLobby, { meetingId }, hear, log),
    subscribe(bus, roomChat, { meetingId }, hear, log),
  ]
  const last = subscribe(bus, room, { meetingId }, hear, log)
  return {
    unsubscribe() {
      for (const one of [...others, last]) one.unsubscribe()
    },
    // The server takes them in order: when it knows of the last, it knows of all.
    ready: () => last.ready(),
  }
}
