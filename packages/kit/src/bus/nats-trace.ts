import type { Msg, MsgHdrs } from 'nats'
import { isTracing, type Carrier } from '../tracing/trace.ts'

const names = ['traceparent', 'tracestate'] as const

/** Puts the trace into the headers of a message. */
export function withTrace(to: MsgHdrs, trace: Carrier): MsgHdrs {
  for (const name of names) if (typeof trace[name] === 'string') to.set(name, trace[name])
  return to
}

/** The trace that a message belongs to; null where this process records none, or there is none. */
export function carrierOf({ headers: given }: Msg): Carrier | null {
  if (!isTracing() || !given?.has('traceparent')) return null
  return { traceparent: given.get('traceparent'), tracestate: given.get('tracestate') }
}
