import type { LimiterOptions } from './kv.ts'

/**
 * Counts the different values of a key, each for `seconds` from when it first came: a guess that is repeated is no news to who
 * guesses, so it costs nothing.
 */
export interface DistinctLimiter {
  /** Counts a value unless it is known already; refused once there are as many as `points` and `more`, whatever the value. */
  add(key: string, value: string, more?: number): Promise<DistinctVerdict>
  /** The present count, without counting anything. */
  look(key: string, more?: number): Promise<DistinctVerdict & { values: string[] }>
  /** Takes values back, as if they had never come. */
  remove(key: string, values: readonly string[]): Promise<void>
}

export interface DistinctVerdict {
  /** Of `look`: whether another value would be let through. */
  allowed: boolean
  count: number
  /** How long until the oldest value is forgotten; 0 where it is allowed. */
  retryAfterMs: number
}

/** Keys one limiter of a process remembers; a flood of new ones pushes out the oldest. */
const maxKeys = 50_000

/** Of this process only. */
export function createLocalDistinct({ points, seconds }: LimiterOptions): DistinctLimiter {
  const keys = new Map<string, Map<string, number>>()
  const verdict = (values: Map<string, number>, now: number, more: number): DistinctVerdict => {
    const allowed = values.size < points + more
    const [oldest = now] = values.values()
    return { allowed, count: values.size, retryAfterMs: allowed ? 0 : Math.max(1, Math.ceil(oldest - now)) }
  }
  const current = (key: string, now: number): Map<string, number> => {
    const values = keys.get(key) ?? new Map<string, number>()
    // In the order they came, so those that end first are first.
    for (const [value, until] of values) if (until <= now) values.delete(value)
    if (values.size === 0) keys.delete(key)
    return values
  }
  return {
    async add(key, value, more = 0) {
      const now = performance.now()
      const values = current(key, now)
      const before = verdict(values, now, more)
      if (!before.allowed || values.has(value)) return before
      values.set(value, now + seconds * 1000)
      const [oldest] = keys.keys()
      if (keys.size >= maxKeys && !keys.has(key) && oldest !== undefined) keys.delete(oldest)
      keys.set(key, values)
      return { ...before, count: values.size }
    },
    async look(key, more = 0) {
      const now = performance.now()
      const values = current(key, now)
      return { ...verdict(values, now, more), values: [...values.keys()] }
    },
    async remove(key, values) {
      for (const value of values) keys.get(key)?.delete(value)
    },
  }
}
