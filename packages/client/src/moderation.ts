import type { Room } from './api.ts'
import type { Connection } from './connection.ts'

export type Moderation = Pick<
  Room,
  | 'mute'
  | 'muteAll'
  | 'lowerHandOf'
  | 'spotlight'
  | 'remove'
  | 'setRole'
  | 'admit'
  | 'reject'
  | 'admitAll'
  | 'endMeeting'
>

/** The actions of a host or cohost. Not repeated after a lost connection: by then it might no longer be meant. */
export function moderation(request: Connection['request']): Moderation {
  return {
    mute: async (participantId, kind) => void (await request('moderation.mute', { participantId, kind })),
    muteAll: async (kind) => (await request('moderation.muteAll', { kind })).payload.count,
    lowerHandOf: async (participantId) => void (await request('moderation.lowerHand', { participantId })),
    spotlight: async (participantId, on) => void (await request('moderation.spotlight', { participantId, on })),
    remove: async (participantId, ban = false) => void (await request('moderation.remove', { participantId, ban })),
    setRole: async (participantId, role) => void (await request('moderation.role', { participantId, role })),
    admit: async (participantId) => void (await request('lobby.admit', { participantId })),
    reject: async (participantId) => void (await request('lobby.reject', { participantId })),
    admitAll: async () => (await request('lobby.admitAll', {})).payload.count,
    endMeeting: async () => void (await request('meeting.end', {})),
  }
}
