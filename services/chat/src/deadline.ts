import { isProblem, ProblemError, within } from '@parley/kit'

/** How long a request may take in all, in milliseconds; callers on the bus wait 3 s. */
export const requestMs = 2500

/** Waits for `work` until `deadline` (of `performance.now()`); rejects with `unavailable` then. */
export async function inTime<T>(work: Promise<T>, deadline: number): Promise<T> {
  try {
    return await within(work, Math.max(0, deadline - performance.now()))
  } catch (error) {
    if (isProblem(error, 'deadline-exceeded'))
      throw new ProblemError('unavailable', 'It took too long', {}, { cause: error })
    throw error
  }
}
