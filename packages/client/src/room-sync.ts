import { may, type LobbyEntry, type ServerMessage } from '@parley/contracts'
import { newId } from './ids.ts'
import type { RoomDeps } from './room-deps.ts'
import type { Roster } from './room-state.ts'

/** An unanswered `room.sync` is asked again after this long. */
const syncAgainMs = 5_000

export interface RoomSyncDeps extends Pick<RoomDeps, 'lobbyOf' | 'report'> {
  roster(): Roster
  send(type: 'room.sync', payload: { v: number }, requestId: string): void
  apply(message: ServerMessage): void
}

/** Asks for what the roster misses: changes of the room over the socket, the lobby over REST. */
export class RoomSync {
  #askedAt = Number.NEGATIVE_INFINITY
  readonly #deps: RoomSyncDeps

  constructor(deps: RoomSyncDeps) {
    this.#deps = deps
  }

  /** The answer comes as any other message: what follows it on the wire must find it applied. */
  ask(): void {
    const now = performance.now()
    if (now - this.#askedAt < syncAgainMs) return
    this.#askedAt = now
    this.#deps.send('room.sync', { v: this.#deps.roster().v }, newId())
  }

  /** The roster is whole: the next gap is asked about at once. */
  done(): void {
    this.#askedAt = Number.NEGATIVE_INFINITY
  }

  /** Reads the lobby, which a delta does not have. Only hosts and cohosts may. */
  readLobby(): void {
    const { self, meeting } = this.#deps.roster()
    if (!may(self.role, 'admit')) return
    this.#deps.lobbyOf(meeting.id).then(
      ({ items, lv }: { items: LobbyEntry[]; lv: number }) =>
        this.#deps.apply({ type: 'lobby.updated', payload: { lobby: items, lv } }),
      (error: unknown) => this.#deps.report(error),
    )
  }
}
