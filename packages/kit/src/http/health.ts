import type { Metrics } from '../metrics.ts'
import type { HttpServer } from './server.ts'

export interface HealthOptions {
  service: string
  version: string
  instanceId: string
  readiness(): Promise<Record<string, boolean>>
  metrics: Metrics
}

const readinessTimeoutMs = 2000

/**
 * `/livez` is the event loop only; `/readyz` is the dependencies, and says no while draining; `/version`; `/metrics`.
 */
export function serveHealth(
  app: HttpServer,
  { service, version, instanceId, readiness, metrics }: HealthOptions,
): void {
  app.get('/livez', async () => ({ status: 'ok' }))
  app.get('/version', async () => ({ service, version, instanceId }))
  app.get('/metrics', async (_request, reply) => reply.type(metrics.contentType).send(await metrics.text()))
  app.get('/readyz', async (_request, reply) => {
    const checks = { ...(await inTime(readiness())), serving: !app.draining }
    const ready = Object.values(checks).every((check) => check)
    return reply
      .code(ready ? 200 : 503)
      .header('cache-control', 'no-store')
      .send({ status: ready ? 'ok' : 'unavailable', checks })
  })
}

/** A dependency that hangs or throws is not ready; the probe is answered all the same. */
async function inTime(checks: Promise<Record<string, boolean>>): Promise<Record<string, boolean>> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<Record<string, boolean>>((resolve) => {
    timer = setTimeout(() => resolve({ checks: false }), readinessTimeoutMs)
  })
  try {
    return await Promise.race([checks, late])
  } catch {
    return { checks: false }
  } finally {
    clearTimeout(timer)
  }
}
