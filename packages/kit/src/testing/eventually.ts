import { setTimeout as sleep } from 'node:timers/promises'

const pauseMs = 20

/** Calls `check` until it does not throw, and returns what it returned; after `timeoutMs` its last error is thrown. */
export async function eventually<T>(check: () => T | Promise<T>, timeoutMs = 5000): Promise<T> {
  const until = Date.now() + timeoutMs
  for (;;) {
    try {
      return await check()
    } catch (error) {
      if (Date.now() >= until) throw error
    }
    await sleep(pauseMs)
  }
}
