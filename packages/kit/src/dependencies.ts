import type { Kv } from './kv/kv.ts'
import type { Metrics } from './metrics.ts'

/** The state of each dependency of a service by name, true when it can be used. */
export type Checks = Record<string, boolean>

/** Faults of dependencies that can still be used. */
export const warningsOf = (kv: Pick<Kv, 'faults'>): { kvKeepsAll: boolean } => ({
  kvKeepsAll: kv.faults().length === 0,
})

const answerMs = 2000

/** The checks, or null when they throw or hang: whoever asks is answered all the same. */
export async function checksInTime(readiness: () => Promise<Checks>): Promise<Checks | null> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<null>((resolve) => (timer = setTimeout(() => resolve(null), answerMs)))
  try {
    return await Promise.race([readiness(), late])
  } catch {
    return null
  } finally {
    clearTimeout(timer)
  }
}

/**
 * Puts the checks of a service into its metrics: 1 for a dependency that can be used, 0 for one that cannot. The warnings of the
 * store are there even when the checks hang.
 */
export function measureDependencies(metrics: Metrics, readiness: () => Promise<Checks>, kv: Pick<Kv, 'faults'>): void {
  let names: readonly string[] = []
  metrics.readings(
    'parley_dependency_up',
    'Whether a dependency can be used; what still works without it is in docs/architecture.md',
    'dependency',
    async () => {
      const checks = await checksInTime(readiness)
      names = checks === null ? names : Object.keys(checks)
      const all: Checks = {
        ...Object.fromEntries(names.map((name) => [name, checks?.[name] === true])),
        ...warningsOf(kv),
      }
      return Object.fromEntries(Object.entries(all).map(([name, good]) => [name, good ? 1 : 0]))
    },
  )
}
