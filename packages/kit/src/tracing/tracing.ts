import Type from 'typebox'
import type { Logger } from '../logger.ts'
import { within as inTime } from '../within.ts'

const endpoint = (description: string) =>
  Type.Optional(Type.String({ pattern: '^https?://[^\\s]+$', expects: 'an http:// or https:// URL', description }))

/** Either of them turns traces on; the other standard variables are read by the OpenTelemetry packages themselves. */
export const tracingConfig = {
  OTEL_EXPORTER_OTLP_ENDPOINT: endpoint('OTLP collector (HTTP, port 4318) that gets traces; without it there are none'),
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: endpoint('the same, as the whole URL of its traces, such as …/v1/traces'),
}

export interface TracingOptions {
  config: Readonly<Partial<Record<keyof typeof tracingConfig, string>>>
  /** The process, as `service.name`. */
  service: string
  instance: string
}

export interface Tracing {
  /** Where problems of the collector are told from now on. */
  tell(log: Logger): void
  /** Sends what waits, for a moment. */
  stop(): Promise<void>
}

const stopWithinMs = 2_000
const off: Tracing = { tell: () => {}, stop: async () => {} }

/** To be called before loggers and services are made. Without an endpoint nothing of it is even loaded. */
export async function startTracing({ config, service, instance }: TracingOptions): Promise<Tracing> {
  const wanted = config.OTEL_EXPORTER_OTLP_ENDPOINT ?? config.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT
  if (wanted === undefined) return off
  const { startOtlp } = await import('./otlp.ts')
  const otlp = startOtlp({ 'service.name': service, 'service.instance.id': instance })
  return { tell: otlp.tell, stop: () => inTime(otlp.stop(), stopWithinMs) }
}
