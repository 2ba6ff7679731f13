import type { Context } from '../node/context.ts'
import type { LiveRoom } from '../room/live-room.ts'
import type { LocalSession } from '../session/local-session.ts'

/** A socket has come into the room: how its client wants to hear of the lobby, should it see that. */
export const followLobby = (
  { rooms }: Context,
  room: LiveRoom,
  local: LocalSession,
  features: readonly string[] = [],
): void => rooms.peekLobby(room)?.follow(local, { changes: features.includes('lobby.delta') })
