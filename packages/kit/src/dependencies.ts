import type { Metrics } from './metrics.ts'

/** The state of each dependency of a service by name, true when it can be used. */
export type Checks = Record<string, boolean>

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

/** Puts the checks of a service into its metrics: 1 for a dependency that can be used, 0 for one that cannot. */
export function measureDependencies(metrics: Metrics, readiness: () => Promise<Checks>): void {
  let names: readonly string[] = []
  metrics.readings(
    'parley_dependency_up',
    'Whether a dependency can be used; what still works without it is in docs/architecture.md',
    'dependency',
    async () => {
      const checks = await checksInTime(readiness)
      names = checks === null ? names : Object.keys(checks)
      return Object.fromEntries(names.map((name) => [name, checks?.[name] === true ? 1 : 0]))
    },
  )
}
