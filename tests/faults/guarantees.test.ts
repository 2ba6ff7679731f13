import { describe, expect, it } from 'vitest'
import { faults } from './faults/index.ts'
import { atMost, none } from './figures.ts'
import { guaranteesOf, type Measurement } from './guarantees.ts'

const machine = { date: '2026-01-02T03:04:05.678Z', node: 'v24', system: 's', cpu: 'c', cores: 2, memoryMib: 8_192 }
const size = { rooms: 2, clients: 3, chat: 4, state: 5, signals: 6, seconds: 7 }

/** As it comes back from the file: what JSON has no word for is null there. */
const measured = (...runs: { max: number; breaches?: readonly string[]; passed?: boolean }[]): Measurement =>
  JSON.parse(
    JSON.stringify({
      machine,
      outcomes: runs.map(({ max, breaches = [], passed = true }, index) => ({
        fault: { id: 'T1', title: 'signaling killed', promise: 'All are back.', field: 'nobody says' },
        seed: 9 + index,
        size,
        figures: [atMost('back', [1, max], { most: 10 }), none('seen to leave', 0)],
        verdicts: [{ id: 'H1', promise: 'p', looked: 1, breaches }],
        passed,
        seconds: 1,
        remarks: ['it rained'],
      })),
    }),
  ) as Measurement

describe('the document of what was measured', () => {
  it('has the last run of each fault with bound, figure, load, machine and date, and names what was never run', () => {
    const text = guaranteesOf(
      [measured({ max: 2 }), measured({ max: Infinity, breaches: ['x'], passed: false })],
      faults,
    )
    expect(text).toContain('## T1 signaling killed (not kept)')
    expect(text).toContain('| back | ≤ 10 ms | p50 1, p95 never, max never ms of 2 | **not kept** |')
    expect(text).toContain('| seen to leave | ≤ 0 | 0 | kept |')
    expect(text).toContain('**H1 did not**')
    expect(text).toContain('2 rooms × 3 clients, 4 chat/s, 5 state changes/s, 7 s; seed 9')
    expect(text).toContain('2026-01-02 03:04 UTC, 2 cores, 8 GiB, Node v24')
    expect(text).toContain('The field: nobody says')
    expect(text.match(/Note: it rained/g)).toHaveLength(1)
    expect(text).toContain('Not measured yet: `npm run faults -- T2`.')
  })
  it('has of several runs in a row the worst of each figure, and says how many there were', () => {
    const text = guaranteesOf([measured({ max: 2 }, { max: 9 }, { max: 3 })], faults)
    expect(text).toContain('## T1 signaling killed\n')
    expect(text).toContain('| back | ≤ 10 ms | p50 1, p95 9, max 9 ms of 2 | kept |')
    expect(text).toContain('3 runs in a row, seeds 9, 10, 11')
    expect(text).toContain('- History: H1 held\n')
  })

  it('does not call a promise kept that one of the runs broke', () => {
    const text = guaranteesOf([measured({ max: 2 }, { max: 11, breaches: ['x'], passed: false })], faults)
    expect(text).toContain('## T1 signaling killed (not kept)')
    expect(text).toContain('| back | ≤ 10 ms | p50 1, p95 11, max 11 ms of 2 | **not kept** |')
    expect(text).toContain('1 of 2 runs passed, seeds 9, 10')
    expect(text).toContain('**H1 did not**')
  })
})
