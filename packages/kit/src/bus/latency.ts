import type { Metrics } from '../metrics.ts'
import { ProblemError } from '../problem.ts'

/** Observes how long requests over the bus take, by what became of them. */
export function createLatency(metrics: Pick<Metrics, 'histogram'> | undefined): <T>(asked: Promise<T>) => Promise<T> {
  if (metrics === undefined) return (asked) => asked
  const seconds = metrics.histogram('parley_bus_request_seconds', 'Time until a request over NATS was answered', [
    'outcome',
  ])
  return async (asked) => {
    const from = performance.now()
    const observe = (outcome: string): void => seconds.observe({ outcome }, (performance.now() - from) / 1000)
    try {
      const answer = await asked
      observe('answered')
      return answer
    } catch (error) {
      observe(error instanceof ProblemError ? error.code : 'internal')
      throw error
    }
  }
}
