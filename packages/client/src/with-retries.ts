import { ParleyError } from './problem.ts'
import { backoffMs, pause, type Backoff } from './time.ts'

const attempts = 4
const longestWaitMs = 5_000

/** Calls `act` again a few times while it fails with something that may pass soon. */
export async function withRetries<T>(act: () => Promise<T>, backoff: Backoff): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await act()
    } catch (error) {
      const problem = error instanceof ParleyError ? error.problem : null
      const asked = problem?.retryAfterMs ?? 0
      if (!problem?.retryable || attempt >= attempts || asked > longestWaitMs) throw error
      await pause(asked + backoffMs(attempt, backoff))
    }
  }
}
