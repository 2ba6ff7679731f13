import type { Problem } from '@parley/contracts'
import { problems } from './tables.ts'

/** The codes of the catalogue that arise on this side of the wire. */
export type LocalCode = keyof typeof problems

/** The error that every call of the SDK rejects with: the server's problem details (RFC 9457), or one of the same form made here. */
export class ParleyError extends Error {
  readonly problem: Problem

  constructor(problem: Problem, options?: ErrorOptions) {
    super(problem.detail || problem.title, options)
    this.name = 'ParleyError'
    this.problem = problem
  }

  get code(): string {
    return this.problem.code
  }
}

/** A problem that arose on this side of the wire, with a code of the catalogue. */
export function localProblem(code: LocalCode, detail: string, retryAfterMs?: number): Problem {
  const { status, title, retryable } = problems[code]
  const problem: Problem = { type: `/problems/${code}`, title, status, detail, code, retryable }
  return retryAfterMs === undefined ? problem : { ...problem, retryAfterMs }
}

/** `localProblem`, ready to throw. */
export const localError = (code: LocalCode, detail: string, cause?: unknown): ParleyError =>
  new ParleyError(localProblem(code, detail), cause === undefined ? undefined : { cause })

/** The problem of anything that was thrown; what is not ours becomes `internal`, with its message. */
export const problemOf = (error: unknown): Problem =>
  error instanceof ParleyError
    ? error.problem
    : localProblem('internal', error instanceof Error ? error.message : String(error))

/** Whether a value off the wire is problem details; `code` may be one this version does not know. */
export function isProblem(value: unknown): value is Problem {
  if (typeof value !== 'object' || value === null) return false
  const { code, status, title, detail, retryable } = value as Partial<Record<keyof Problem, unknown>>
  return (
    typeof code === 'string' &&
    typeof status === 'number' &&
    typeof title === 'string' &&
    typeof detail === 'string' &&
    typeof retryable === 'boolean'
  )
}
