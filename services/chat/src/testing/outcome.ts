import { isProblem, type ProblemError } from '@parley/kit'

/** The outcome of `act`, and after how many milliseconds. */
export async function timed<T>(work: Promise<T>): Promise<{ ms: number; value: T }> {
  const startedAt = performance.now()
  const value = await work
  return { ms: performance.now() - startedAt, value }
}

/** For a rejection that is expected: the problem; anything else is thrown again. */
export function problemOrThrow(error: unknown): ProblemError {
  if (isProblem(error)) return error
  throw error
}

/** The longest time a request may take, in milliseconds. */
export const mostMs = 3500
