import type { Problem } from '@parley/contracts'
import type { RoomStatus } from './api.ts'
import { meaningOf } from './close-meaning.ts'
import { localError, localProblem, ParleyError, problemOf } from './problem.ts'
import { SocketLost } from './socket.ts'

/** The sign-in is gone: what was refused is not this token, but its renewal too. */
class SignedOut extends Error {
  readonly problem: Problem
  constructor(cause: ParleyError) {
    super(cause.message, { cause })
    this.name = 'SignedOut'
    this.problem = cause.problem
  }
}

/** Turns the refusal of a token that was just renewed into `SignedOut`. */
export async function whileSignedIn<T>(call: Promise<T>): Promise<T> {
  try {
    return await call
  } catch (error) {
    throw error instanceof ParleyError && error.problem.status === 401 ? new SignedOut(error) : error
  }
}

/** The next step after a failed attempt to join or resume. */
export type Next =
  | { is: 'again'; renew: boolean; waitMs: number }
  | { is: 'rejoin' }
  | { is: 'over'; status: RoomStatus }

/** The kind of an error decides what happens next. */
export function nextAfter(error: unknown): Next {
  if (error instanceof SocketLost) return nextAfterLoss(error.loss)
  if (error instanceof SignedOut) return over({ state: 'lost', problem: error.problem })
  const problem = problemOf(error)
  switch (problem.code) {
    case 'resume-failed':
      return { is: 'rejoin' }
    case 'unauthenticated':
    case 'token-expired':
      return again(true)
    case 'room-token-invalid':
      return again()
    case 'meeting-over':
      return over({ state: 'ended', reason: problem.detail })
    default:
      return problem.retryable && error instanceof ParleyError
        ? again(false, problem.retryAfterMs)
        : over({ state: 'lost', problem })
  }
}

/** The meaning of a socket's end for the room. */
export function nextAfterLoss(loss: { code: number; reason: string }): Next {
  const meaning = meaningOf(loss.code)
  switch (meaning) {
    case 'resume':
      return again()
    case 'renew':
      return again(true)
    case 'left':
      return over({ state: 'left' })
    case 'removed':
      return over({ state: 'removed', reason: loss.reason })
    case 'ended':
      return over({ state: 'ended', reason: loss.reason })
    case 'elsewhere':
      return over({ state: 'lost', problem: localProblem('resume-failed', 'The session goes on in another place') })
    case 'fault':
      return over({
        state: 'lost',
        problem: localProblem('internal', `The server closed with ${loss.code} ${loss.reason}`),
      })
    default:
      return meaning satisfies never
  }
}

const again = (renew = false, waitMs = 0): Next => ({ is: 'again', renew, waitMs })
const over = (status: RoomStatus): Next => ({ is: 'over', status })

/** The error, as the ParleyError that a caller of the SDK may expect. */
export function thrownAsError(error: unknown): ParleyError {
  if (error instanceof ParleyError) return error
  if (error instanceof SignedOut) return new ParleyError(error.problem, { cause: error })
  return localError('unavailable', error instanceof Error ? error.message : String(error), error)
}
