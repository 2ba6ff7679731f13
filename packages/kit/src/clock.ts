import type { Clock } from './service.ts'

/** The real time. */
export const systemClock: Clock = { now: () => Date.now(), monotonic: () => performance.now() }
