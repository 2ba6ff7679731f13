import {
  context,
  propagation,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  TraceFlags,
  type Attributes,
  type Context,
  type Span,
} from '@opentelemetry/api'
import { systemClock } from '../clock.ts'

/**
 * The one seam to OpenTelemetry. Roots begin at HTTP requests, handshakes and WebSocket messages; everything else (bus, SQL, Redis) is recorded only below an open one. So timers and polls make no traces. Without `startTracing` nothing is recorded.
 */
let on = false

/** Called by `startTracing` alone. */
export const setTracing = (now: boolean): void => void (on = now)

/** Whether this process records traces. It does not change once the services are made. */
export const isTracing = (): boolean => on

/** Headers as they came, of HTTP or of the bus: `traceparent` and `tracestate` are read (W3C Trace Context). */
export type Carrier = Readonly<Record<string, string | string[] | undefined>>

type Kind = 'client' | 'server' | 'producer' | 'consumer'
const kinds: Readonly<Record<Kind, SpanKind>> = {
  client: SpanKind.CLIENT,
  server: SpanKind.SERVER,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
}

export interface SpanOptions {
  name: string
  kind: Kind
  attributes?: Attributes
}

const tracer = () => trace.getTracer('parley')

/** A span that goes on with the trace of `carrier`, or begins one. Its owner ends it. */
export function openSpan({ name, kind, attributes }: SpanOptions, carrier: Carrier = {}): Span {
  const parent = propagation.extract(ROOT_CONTEXT, carrier)
  return tracer().startSpan(name, { kind: kinds[kind], ...(attributes && { attributes }) }, parent)
}

/** Does `work` within an open span: what it starts is below that, and its log lines name the trace. */
export const within = <T>(span: Span, work: () => T): T => context.with(trace.setSpan(ROOT_CONTEXT, span), work)

/** Does `work` in a span of its own that goes on with the trace of `carrier`. */
export async function traced<T>(options: SpanOptions, carrier: Carrier, work: () => Promise<T>): Promise<T> {
  if (!on) return work()
  const span = openSpan(options, carrier)
  return within(span, () => ending(span, work))
}

/** Does `work` in a span below the open one; without one it is not recorded. */
export async function tracedBelow<T>(options: SpanOptions, work: () => Promise<T>): Promise<T> {
  const parent = on ? openContext() : null
  if (parent === null) return work()
  const span = startBelow(options, parent)
  return context.with(trace.setSpan(parent, span), () => ending(span, work))
}

/** Records what is over already: it began `ms` ago. */
export function recordBelow(options: SpanOptions, ms: number, error?: unknown): void {
  const parent = on ? openContext() : null
  if (parent === null) return
  const span = startBelow(options, parent, systemClock.now() - ms)
  if (error !== undefined) fail(span, error)
  span.end()
}

/** `traceparent` and `tracestate` for the next hop; null where there is no trace to go on with. */
export function traceHeaders(): Readonly<Record<string, string>> | null {
  const span = on ? trace.getActiveSpan() : undefined
  if (span === undefined || !goesOn(span)) return null
  const headers: Record<string, string> = {}
  propagation.inject(context.active(), headers)
  return headers
}

/** The id of the trace that is being recorded, for logs and problems. */
export const traceId = (): string | undefined => (on ? traceIdOf(trace.getActiveSpan()) : undefined)

/** The id of the span's trace, if that is recorded. */
export function traceIdOf(span: Span | null | undefined): string | undefined {
  const of = span?.spanContext()
  return of === undefined || (of.traceFlags & TraceFlags.SAMPLED) === 0 ? undefined : of.traceId
}

/** Marks a span as failed, by the name of the error alone: its text may hold what people wrote. */
export function fail(span: Span, error: unknown): void {
  const code = error instanceof Error && 'code' in error ? String(error.code) : undefined
  const message = code ?? (error instanceof Error ? error.name : 'error')
  span.setStatus({ code: SpanStatusCode.ERROR, message }).setAttribute('error.type', message)
}

const startBelow = ({ name, kind, attributes }: SpanOptions, parent: Context, startTime?: number): Span =>
  tracer().startSpan(
    name,
    { kind: kinds[kind], ...(attributes && { attributes }), ...(startTime && { startTime }) },
    parent,
  )

/** The context of a span that is recorded and open: timers that a request has started outlive it. */
function openContext(): Context | null {
  const active = context.active()
  return trace.getSpan(active)?.isRecording() === true ? active : null
}

/** A trace that is not sampled goes on as such, or the next process would begin one of its own. */
const goesOn = (span: Span): boolean => span.isRecording() || (span.spanContext().traceFlags & TraceFlags.SAMPLED) === 0

async function ending<T>(span: Span, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    fail(span, error)
    throw error
  } finally {
    span.end()
  }
}
