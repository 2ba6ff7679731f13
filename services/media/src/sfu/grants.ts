import type { IceServer, Sfu } from '@parley/contracts'
import type { Clock } from '@parley/kit'
import { signJanusToken, signRoomToken } from '../janus/tokens.ts'
import type { OpenRoom } from './rooms-store.ts'

export interface GrantDeps {
  clock: Clock
  tokenSecret: string
  tokenSeconds: number
}

export interface Granting {
  room: OpenRoom
  participantId: string
  /** Where clients reach the gateway, such as `https://meet.example.org`. */
  base: string
  iceServers: IceServer[]
}

/** Signs what one participant reaches the room with. It ends with its time; the gateway ends it before that for who has left the room. */
export function grantSfu({ clock, tokenSecret, tokenSeconds }: GrantDeps, granting: Granting): Sfu {
  const { room, participantId, base, iceServers } = granting
  // Janus counts in whole seconds.
  const expiresAt = Math.floor(clock.now() / 1_000 + tokenSeconds) * 1_000
  const where = `meeting=${room.meetingId}&participant=${participantId}`
  return {
    url: `${base.replace(/^http/, 'ws')}/v1/janus/${room.janusId}?${where}`,
    subprotocol: 'janus-protocol',
    token: signJanusToken(tokenSecret, expiresAt),
    room: room.room,
    roomToken: signRoomToken(tokenSecret, room.room, expiresAt),
    feed: participantId,
    iceServers,
    expiresAt: new Date(expiresAt).toISOString(),
  }
}
