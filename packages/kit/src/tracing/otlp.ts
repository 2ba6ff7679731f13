import { context, diag, DiagLogLevel, propagation, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { W3CTraceContextPropagator } from '@opentelemetry/core'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources'
import { BasicTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base'
import type { Logger } from '../logger.ts'
import { setTracing } from './trace.ts'

const warnEveryMs = 60_000

/**
 * Sends spans to an OTLP collector, as JSON over HTTP. These packages read their own standard variables (OTEL_EXPORTER_OTLP_*,
 * OTEL_TRACES_SAMPLER, OTEL_BSP_*, OTEL_RESOURCE_ATTRIBUTES, OTEL_SERVICE_NAME). At most 2,048 spans wait; more are dropped.
 */
export function startOtlp(attributes: Readonly<Record<string, string>>): {
  /** Where problems of the collector are told from now on, at most once a minute. */
  tell(log: Logger): void
  stop(): Promise<void>
} {
  const resource = resourceFromAttributes(attributes).merge(detectResources({ detectors: [envDetector] }))
  const provider = new BasicTracerProvider({
    resource,
    spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter())],
  })
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  propagation.setGlobalPropagator(new W3CTraceContextPropagator())
  trace.setGlobalTracerProvider(provider)
  setTracing(true)
  return {
    tell(log) {
      let toldAt = -Infinity
      const warn = (message: string): void => {
        if (performance.now() - toldAt < warnEveryMs) return
        toldAt = performance.now()
        log.warn({ reason: message }, 'traces cannot be sent')
      }
      const ignore = (): void => {}
      diag.setLogger({ error: warn, warn, info: ignore, debug: ignore, verbose: ignore }, DiagLogLevel.WARN)
    },
    stop: () => provider.shutdown(),
  }
}
