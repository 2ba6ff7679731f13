import type { ConnectionQuality, QualityLevel } from '../api.ts'
import type { FlowSample, TransportSample } from './transport.ts'

/** A reading and when it was taken, in milliseconds. */
export interface TimedSample {
  at: number
  sample: TransportSample
}

/**
 * How well each person is received, and under one's own id how well one is. Compares two readings: loss, jitter and bytes in
 * between. A participant who sent nothing in between has no quality.
 */
export function qualityBetween(
  before: TimedSample,
  now: TimedSample,
  selfId: string,
): ReadonlyMap<string, ConnectionQuality> {
  const seconds = Math.max(0.1, (now.at - before.at) / 1000)
  const quality = new Map<string, ConnectionQuality>()
  for (const [id, flows] of now.sample.inbound) {
    const inbound = inboundQuality(before.sample.inbound.get(id) ?? [], flows, seconds)
    if (inbound) quality.set(id, inbound)
  }
  const { roundTripMs, outboundLoss } = now.sample
  if (roundTripMs !== null || outboundLoss !== null) {
    const loss = outboundLoss ?? 0
    quality.set(selfId, { level: levelOf(loss, 0, roundTripMs ?? 0), loss, jitterMs: 0, roundTripMs, kbps: null })
  }
  return quality
}

function inboundQuality(
  before: readonly FlowSample[],
  now: readonly FlowSample[],
  seconds: number,
): ConnectionQuality | null {
  const packets = sum(now, 'packets') - sum(before, 'packets')
  // Fewer than before: the connection is a new one, and all that came has come since.
  if (packets < 0) return inboundQuality([], now, seconds)
  if (packets === 0) return null
  const lost = Math.max(0, sum(now, 'packetsLost') - sum(before, 'packetsLost'))
  const loss = lost / (packets + lost)
  const jitterMs = Math.max(0, ...now.map((flow) => flow.jitterMs))
  const kbps = Math.max(0, ((sum(now, 'bytes') - sum(before, 'bytes')) * 8) / 1000 / seconds)
  return { level: levelOf(loss, jitterMs, 0), loss, jitterMs, roundTripMs: null, kbps }
}

/** The limits at which people hear and see it: Opus conceals a few percent, half a second makes one talk over another. */
const levelOf = (loss: number, jitterMs: number, roundTripMs: number): QualityLevel => {
  if (loss > 0.1 || jitterMs > 120 || roundTripMs > 800) return 'poor'
  return loss > 0.03 || jitterMs > 50 || roundTripMs > 350 ? 'fair' : 'good'
}

const sum = (flows: readonly FlowSample[], of: 'packets' | 'packetsLost' | 'bytes'): number =>
  flows.reduce((total, flow) => total + flow[of], 0)
