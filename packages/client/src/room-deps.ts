import type { LobbyEntry, RoomJoined } from '@parley/contracts'
import type { HistoryPage, HistoryQuery } from './chat-history.ts'
import type { ConnectionDeps } from './connection.ts'
import type { KeptPlace } from './kept-place.ts'
import type { MediaPlace } from './media/room-media.ts'
import type { Roster } from './room-state.ts'

export interface RoomDeps extends ConnectionDeps {
  /** The page goes away: tells the server in a way that outlives the page, and keeps the place if there is where. */
  goodbye(roster: Pick<Roster, 'meeting' | 'self'>, left: Omit<KeptPlace, 'participantId'>): boolean
  /** A page of the meeting's messages. */
  listMessages(meetingId: string, query: HistoryQuery): Promise<HistoryPage>
  /** The people in the lobby, for hosts and cohosts. */
  lobbyOf(meetingId: string): Promise<{ items: LobbyEntry[]; lv: number }>
}

/** A room begins with these: `room.joined`, or a place that was kept over a reload. */
export type Joined = RoomJoined & MediaPlace
