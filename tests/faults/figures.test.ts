import { describe, expect, it } from 'vitest'
import { atMost, lineOf, none, percentile, share, single } from './figures.ts'
import { comebacksOf, durationsOf, failedSends, sightingsOf, unwantedDepartures } from './findings.ts'
import { emptyHistory, type History } from './history/history.ts'

describe('figures', () => {
  it('takes percentiles by nearest rank', () => {
    const values = Array.from({ length: 100 }, (_, index) => 100 - index)
    expect([0.5, 0.95, 0.99, 1].map((part) => percentile(values, part))).toEqual([50, 95, 99, 100])
    expect(percentile([], 0.5)).toBeNaN()
  })

  it('pass at the bound, fail beyond it, and fail when nothing was measured', () => {
    expect(atMost('a', [1, 10], { most: 10 }).pass).toBe(true)
    expect(atMost('a', [1, 10.1], { most: 10 }).pass).toBe(false)
    expect(atMost('a', [1, 1, 1, 1, Infinity], { most: 10, of: 'p50' }).pass).toBe(true)
    expect(atMost('a', [], { most: 10 }).pass).toBe(false)
    expect(atMost('a', [], { most: 10, mayBeNone: true }).pass).toBe(true)
    expect([none('b', 0).pass, none('b', 1).pass, none('b', Number.NaN).pass]).toEqual([true, false, false])
    expect([share('c', 95, 100, 95).pass, share('c', 94, 100, 95).pass, share('c', 0, 0, 95).pass]).toEqual([
      true,
      false,
      false,
    ])
    expect([single('d', Infinity, { most: 5 }).pass, single('d', 5, {}).pass]).toEqual([false, true])
  })

  it('are told in one line each', () => {
    expect(lineOf(atMost('back', [1, 2, Infinity], { most: 5 }))).toBe(
      '  FAIL back: ≤ 5 ms; measured p50 2, p95 never, max never ms of 3',
    )
  })
})

describe('what is read out of a history', () => {
  const history: History = {
    ...emptyHistory,
    statuses: [
      { client: 'ann', at: 0, state: 'joined' },
      { client: 'ann', at: 100, state: 'reconnecting' },
      { client: 'ann', at: 350, state: 'joined' },
      { client: 'bob', at: 100, state: 'reconnecting' },
      { client: 'bob', at: 900, state: 'lost' },
    ],
    entries: [
      { client: 'ann', room: 'r', at: 0, how: 'joined', signalsLost: false },
      { client: 'ann', room: 'r', at: 349, how: 'resumed', signalsLost: true },
    ],
    stays: [{ client: 'ann', room: 'r', from: 0, until: Infinity }],
    views: [
      {
        client: 'ann',
        room: 'r',
        v: 1,
        people: [],
        members: [],
        meeting: { title: '', settings: {} },
        contents: '',
        messages: [],
        since: 0,
      },
    ],
    gone: new Map([['p-bob', 'r']]),
    marks: [{ participantId: 'p-bob', seenBy: 'ann', at: 130, connection: 'reconnecting' }],
    departures: [{ room: 'r', participantId: 'p-cid', seenBy: 'ann', at: 200 }],
    sends: [
      { text: 'a', client: 'ann', room: 'r', at: 1, outcome: { is: 'open' } },
      { text: 'b', client: 'bob', room: 'r', at: 1, outcome: { is: 'refused', at: 2 } },
    ],
  }

  it('tells which clients came back, when and how, and which did not', () => {
    const comebacks = comebacksOf(history)
    expect(comebacks.map(({ client, how }) => [client, how])).toEqual([
      ['ann', 'resumed'],
      ['bob', null],
    ])
    expect(durationsOf(comebacks)).toEqual([250, Infinity])
  })

  it('tells those who were taken away from those who were wrongly seen to leave', () => {
    expect(unwantedDepartures(history)).toBe(1)
    expect(sightingsOf(history)).toEqual([{ participantId: 'p-bob', seenBy: 'ann', reconnectingAt: 130, leftAt: null }])
  })

  it('counts failed sends of those who stayed', () => {
    expect(failedSends(history)).toBe(1)
  })
})
