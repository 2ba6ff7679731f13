import { expect, it } from 'vitest'
import type { Measurement } from './guarantees.ts'
import { withRuns } from './keep.ts'

const machine = { date: '2026-01-02T03:04:05.678Z', node: 'v24', system: 's', cpu: 'c', cores: 2, memoryMib: 8_192 }
const of = (...runs: [id: string, seed: number][]): Measurement =>
  ({ machine, outcomes: runs.map(([id, seed]) => ({ fault: { id }, seed })) }) as unknown as Measurement

it('keeps all of the last runs of a fault, and what was measured of others', () => {
  const before = [of(['T1', 1]), of(['T1', 2], ['T2', 2]), of(['T3', 3])]
  const after = withRuns(before, of(['T1', 7], ['T1', 8]))
  expect(after).toEqual([of(['T2', 2]), of(['T3', 3]), of(['T1', 7], ['T1', 8])])
})
