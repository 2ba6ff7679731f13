import { problems, type Problem, type ProblemCode } from '@parley/contracts'
import { traceId } from './tracing/trace.ts'

const defaultRetryAfterMs = 1000

/**
 * A catalogued problem: whoever serves the call shows it to the caller with its code. Anything else thrown is a 500.
 */
export class ProblemError extends Error {
  readonly code: ProblemCode
  /** Extension members that go out with the problem, and overrides of the catalogue's. */
  readonly extra: Partial<Problem>

  constructor(code: ProblemCode, detail?: string, extra: Partial<Problem> = {}, options?: ErrorOptions) {
    super(detail ?? problems[code].title, options)
    this.name = 'ProblemError'
    this.code = code
    this.extra = code === 'unavailable' ? { retryAfterMs: defaultRetryAfterMs, ...extra } : extra
  }

  /** The problem as it goes over the wire (RFC 9457). */
  toProblem(requestId?: string): Problem {
    const { status, title, retryable } = problems[this.code]
    const trace = traceId()
    return {
      type: `/problems/${this.code}`,
      title,
      status,
      detail: this.message,
      code: this.code,
      retryable,
      ...(requestId === undefined ? {} : { requestId }),
      ...(trace === undefined ? {} : { traceId: trace }),
      ...this.extra,
    }
  }
}

/** Whether `error` is a catalogued problem, and, given a code, that one. */
export const isProblem = (error: unknown, code?: ProblemCode): error is ProblemError =>
  error instanceof ProblemError && (code === undefined || error.code === code)
