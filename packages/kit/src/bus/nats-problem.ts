import { ErrorCode, NatsError } from 'nats'
import { ProblemError } from '../problem.ts'

/** What a failure of NATS's client is to who asked on `subject`. */
export function asProblem(error: unknown, subject: string): ProblemError {
  if (error instanceof ProblemError) return error
  const code = error instanceof NatsError ? error.code : undefined
  if (code === ErrorCode.Timeout) return new ProblemError('deadline-exceeded', `No answer on ${subject}`)
  const why = code === ErrorCode.NoResponders ? `Nobody answers ${subject}` : 'NATS refused the request'
  return new ProblemError('unavailable', why, {}, { cause: error })
}
