import type { FlowSample } from './transport.ts'

/** The members of `inbound-rtp` and `remote-inbound-rtp` (W3C WebRTC Statistics) that we read; any may be missing. */
interface RtpStats {
  type: string
  kind?: string
  mid?: string
  packetsReceived?: number
  packetsLost?: number
  bytesReceived?: number
  framesDecoded?: number
  jitter?: number
  roundTripTime?: number
  fractionLost?: number
}

export interface Outbound {
  roundTripMs: number | null
  outboundLoss: number | null
}

/** The received media of a connection, by sender: `ownerOf` tells by the `mid`; null for nobody. */
export function inboundOf(
  stats: RTCStatsReport,
  ownerOf: (mid: string | null) => string | null,
): Map<string, FlowSample[]> {
  const flows = new Map<string, FlowSample[]>()
  for (const report of reportsOf(stats)) {
    if (report.type !== 'inbound-rtp') continue
    const owner = ownerOf(report.mid ?? null)
    if (owner === null) continue
    const flow: FlowSample = {
      kind: report.kind === 'video' ? 'video' : 'audio',
      packets: report.packetsReceived ?? 0,
      packetsLost: report.packetsLost ?? 0,
      bytes: report.bytesReceived ?? 0,
      framesDecoded: report.framesDecoded ?? 0,
      jitterMs: (report.jitter ?? 0) * 1000,
    }
    flows.set(owner, [...(flows.get(owner) ?? []), flow])
  }
  return flows
}

/** The other side's report on what we send: the worst of all streams. */
export function outboundOf(stats: RTCStatsReport): Outbound {
  let roundTripMs: number | null = null
  let outboundLoss: number | null = null
  for (const { type, roundTripTime, fractionLost } of reportsOf(stats)) {
    if (type !== 'remote-inbound-rtp') continue
    if (roundTripTime !== undefined) roundTripMs = Math.max(roundTripMs ?? 0, roundTripTime * 1000)
    if (fractionLost !== undefined) outboundLoss = Math.max(outboundLoss ?? 0, fractionLost)
  }
  return { roundTripMs, outboundLoss }
}

/** The worse of two. */
export const worseOf = (a: Outbound, b: Outbound): Outbound => ({
  roundTripMs: greater(a.roundTripMs, b.roundTripMs),
  outboundLoss: greater(a.outboundLoss, b.outboundLoss),
})

const greater = (a: number | null, b: number | null): number | null =>
  a === null ? b : b === null ? a : Math.max(a, b)

/** The report is a map of any; what it holds is read as optional. */
function* reportsOf(stats: RTCStatsReport): Iterable<RtpStats> {
  const reports: RtpStats[] = []
  stats.forEach((report: RtpStats) => reports.push(report))
  yield* reports
}
