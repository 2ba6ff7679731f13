import { ErrorCode, NatsError, StringCodec, type Msg } from 'nats'
import { ProblemError } from '../problem.ts'

/** Of an answer that is a failure: its code. The text says more. */
export const failedHeader = 'Parley-Failed'

const codec = StringCodec()

/** The text of an answer. @throws ProblemError as the responder failed */
export function textOrThrow(answer: Msg): string {
  const text = codec.decode(answer.data)
  const failed = answer.headers?.get(failedHeader)
  if (failed) throw new ProblemError(failureOf(failed), text)
  return text
}

const failureOf = (failed: string) => (failed === 'unavailable' || failed === 'deadline-exceeded' ? failed : 'internal')

/** The problem of a request on `subject` that NATS's client failed. */
export function asProblem(error: unknown, subject: string): ProblemError {
  if (error instanceof ProblemError) return error
  const code = error instanceof NatsError ? error.code : undefined
  if (code === ErrorCode.Timeout) return new ProblemError('deadline-exceeded', `No answer on ${subject}`)
  const why = code === ErrorCode.NoResponders ? `Nobody answers ${subject}` : 'NATS refused the request'
  return new ProblemError('unavailable', why, {}, { cause: error })
}
