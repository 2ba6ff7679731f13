import { commitOf } from '../build.ts'
import { checksInTime, warningsOf, type Checks } from '../dependencies.ts'
import type { Kv } from '../kv/kv.ts'
import type { Metrics } from '../metrics.ts'
import type { HttpServer } from './server.ts'

export interface HealthOptions {
  service: string
  version: string
  /** The commit that the process was built from, where it is known. */
  commit?: string | undefined
  instanceId: string
  readiness(): Promise<Checks>
  metrics: Metrics
  /** A store that may lose what it holds degrades, from the start: `/readyz` says `kvKeepsAll: false` and stays 200. */
  kv: Pick<Kv, 'faults'>
  /**
   * Once every check has been true, a false one only degrades: `/readyz` names it and stays 200. For a service that goes on without what all its copies share. Otherwise an outage of that would take every copy out of service at once.
   */
  degrades?: boolean
}

/**
 * `/livez` is the event loop only; `/readyz` is the dependencies, and says no while draining; `/version`; `/metrics`.
 */
export function serveHealth(
  app: HttpServer,
  { service, version, commit, instanceId, readiness, metrics, kv, degrades = false }: HealthOptions,
): void {
  let complete = false
  const build = metrics.gauge('parley_build_info', 'The version and commit that runs; always 1', ['version', 'commit'])
  const built = commitOf(commit)
  void built.then((known) => build.set({ version, commit: known ?? 'unknown' }, 1))
  app.get('/livez', async () => ({ status: 'ok' }))
  app.get('/version', async () => ({ service, version, commit: await built, instanceId }))
  app.get('/metrics', async (_request, reply) => reply.type(metrics.contentType).send(await metrics.text()))
  app.get('/readyz', async (_request, reply) => {
    const checks = (await checksInTime(readiness)) ?? { checks: false }
    const good = Object.values(checks).every((check) => check)
    complete ||= good
    const { kvKeepsAll } = warningsOf(kv)
    const ready = !app.draining && (good || (degrades && complete))
    return reply
      .code(ready ? 200 : 503)
      .header('cache-control', 'no-store')
      .send({
        status: ready ? (good && kvKeepsAll ? 'ok' : 'degraded') : 'unavailable',
        checks: { ...checks, kvKeepsAll, serving: !app.draining },
      })
  })
}
