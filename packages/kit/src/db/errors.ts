import { isProblem, ProblemError } from '../problem.ts'

/**
 * PostgreSQL's conditions (appendix A) that pass by themselves: no connection, shutting down, overload, timeouts,
 * deadlocks.
 */
const passing = /^(08\w{3}|57P0[123]|53\w{3}|57014|55P03|40001|40P01|25P0[34])$/
const network = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ETIMEDOUT',
  'EPIPE',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
])
/** An error of the driver without a code. */
const messages =
  /^(Query read timeout|timeout e|Connection terminated|Client was closed|Client has encountered a connection error)/

/** Whether a unique constraint (of that name, if one is given) refused the statement. */
export function isUniqueViolation(error: unknown, constraint?: string): boolean {
  if (codeOf(error) !== '23505') return false
  return (
    constraint === undefined || (error instanceof Error && 'constraint' in error && error.constraint === constraint)
  )
}

/**
 * The problem that an error is shown as: itself if it is one, `unavailable` for a database that is away or overloaded,
 * else null.
 */
export function asProblem(error: unknown): ProblemError | null {
  if (isProblem(error)) return error
  if (!(error instanceof Error) || !isPassing(error)) return null
  return new ProblemError('unavailable', undefined, {}, { cause: error })
}

function isPassing(error: Error): boolean {
  const code = codeOf(error)
  return code === undefined ? messages.test(error.message) : passing.test(code) || network.has(code)
}

const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
