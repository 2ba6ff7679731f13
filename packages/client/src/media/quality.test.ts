import { describe, expect, test } from 'vitest'
import { qualityBetween, type TimedSample } from './quality.ts'
import type { FlowSample } from './transport.ts'

const flow = (given: Partial<FlowSample>): FlowSample => ({
  kind: 'audio',
  packets: 0,
  packetsLost: 0,
  bytes: 0,
  framesDecoded: 0,
  jitterMs: 5,
  ...given,
})
const at = (atMs: number, inbound: Record<string, FlowSample[]>, outbound = {}): TimedSample => ({
  at: atMs,
  sample: { inbound: new Map(Object.entries(inbound)), roundTripMs: null, outboundLoss: null, ...outbound },
})

describe('V1 the quality of connections', () => {
  test('is that of what came in between, not of all that ever came', () => {
    const before = at(0, { a: [flow({ packets: 100, packetsLost: 90, bytes: 10_000 })] })
    const now = at(2_000, { a: [flow({ packets: 200, packetsLost: 90, bytes: 35_000 })] })
    expect(qualityBetween(before, now, 'me').get('a')).toEqual({
      level: 'good',
      loss: 0,
      jitterMs: 5,
      roundTripMs: null,
      kbps: 100,
    })
  })

  test.each([
    [0, 5, 'good'],
    [5, 5, 'fair'],
    [20, 5, 'poor'],
    [0, 80, 'fair'],
    [0, 200, 'poor'],
  ])('%d of 100 packets lost and %d ms of jitter are %s', (lost, jitterMs, level) => {
    const before = at(0, { a: [flow({})] })
    const now = at(1_000, { a: [flow({ packets: 100 - lost, packetsLost: lost, jitterMs })] })
    expect(qualityBetween(before, now, 'me').get('a')?.level).toBe(level)
  })

  test('anyone who sends nothing has none, and a new connection counts from its beginning', () => {
    const before = at(0, { a: [flow({ packets: 50 })], b: [flow({ packets: 500, packetsLost: 400 })] })
    const now = at(1_000, { a: [flow({ packets: 50 })], b: [flow({ packets: 60 })] })
    const quality = qualityBetween(before, now, 'me')
    expect(quality.has('a')).toBe(false)
    expect(quality.get('b')).toMatchObject({ level: 'good', loss: 0 })
  })

  test('the own quality comes from the reports of the other side', () => {
    const quality = qualityBetween(at(0, {}), at(1_000, {}, { roundTripMs: 900, outboundLoss: 0.01 }), 'me')
    expect(quality.get('me')).toMatchObject({ level: 'poor', roundTripMs: 900, loss: 0.01, kbps: null })
  })
})
