import type { LobbyWaiting, RoomJoined, ServerMessage } from '@parley/contracts'
import { localError, type ParleyError } from './problem.ts'
import { SocketLost, type Socket } from './socket.ts'

/** Who waits in a lobby is told the place in the queue, and may give up. */
export interface LobbyHooks {
  onWaiting?: (position: number) => void
  signal?: AbortSignal
}

/**
 * Waits on `socket` until somebody decides. Resolves to the room, what follows on the socket being held for its next listener;
 * rejects with a ParleyError when sent away, with `SocketLost`, or with the reason of `signal` (the server is told).
 */
export function decided(socket: Socket, first: LobbyWaiting, { onWaiting, signal }: LobbyHooks): Promise<RoomJoined> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      signal?.removeEventListener('abort', abort)
      socket.detach()
    }
    const fail = (error: unknown) => {
      stop()
      reject(error instanceof Error ? error : new Error(String(error)))
    }
    const abort = () => {
      socket.send('room.leave', {})
      fail(signal?.reason)
    }
    const hear = (message: ServerMessage) => {
      if (message.type === 'lobby.waiting') onWaiting?.(message.payload.position)
      const failure = failureOf(message)
      if (failure) return fail(failure)
      if (message.type !== 'lobby.result' || !message.payload.admitted) return
      stop()
      resolve(message.payload)
    }
    if (signal?.aborted) return abort()
    signal?.addEventListener('abort', abort)
    onWaiting?.(first.position)
    socket.attach({ message: hear, lost: (loss) => fail(new SocketLost(loss, false)) })
  })
}

/** Why the wait ends without a room; null if it does not. */
function failureOf(message: ServerMessage): ParleyError | null {
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
