import type { ServerMessage } from '@parley/contracts'
import { localError, type ParleyError } from './problem.ts'

/** A person in the lobby is told the place in the queue, and may give up. */
export interface LobbyHooks {
  onWaiting?: (position: number) => void
  signal?: AbortSignal
}

/** Why the wait ends without a room; null if it does not. */
export function failureOf(message: ServerMessage): ParleyError | null {
  switch (message.type) {
    case 'lobby.result':
      return message.payload.admitted ? null : refusal(message.payload.reason)
    case 'room.ended':
      return refusal('ended')
    case 'room.kicked':
      return refusal('removed')
    case 'error':
      return message.payload.next === 'rejoin' ? localError('resume-failed', message.payload.detail) : null
    default:
      return null
  }
}

function refusal(reason: 'rejected' | 'removed' | 'ended' | 'gone'): ParleyError {
  switch (reason) {
    case 'rejected':
      return localError('not-admitted', 'The host did not let you in')
    case 'removed':
      return localError('removed-from-meeting', 'You were removed from this meeting')
    case 'ended':
      return localError('meeting-over', 'The meeting has ended')
    case 'gone':
      return localError('resume-failed', 'The place in the lobby was given up')
    default:
      return reason satisfies never
  }
}
