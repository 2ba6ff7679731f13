import { setTimeout as sleep } from 'node:timers/promises'

const pauseMs = 50

/**
 * The answer of a request that may be asked again. A busy server says 503 while another request under the same key is under way; so the
 * request is made again, as a client does, for `timeoutMs`.
 */
export async function answered<T extends { status: number }>(ask: () => Promise<T>, timeoutMs = 15_000): Promise<T> {
  const until = performance.now() + timeoutMs
  for (;;) {
    const answer = await ask()
    if (answer.status !== 503 || performance.now() >= until) return answer
    await sleep(pauseMs)
  }
}
