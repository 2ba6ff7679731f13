import { expect, test } from 'vitest'
import { createSpeechGate, meterOf, rootMeanSquare } from './level.ts'

test('O8 the level is the root mean square', () => {
  expect(rootMeanSquare(new Float32Array(0))).toBe(0)
  expect(rootMeanSquare(new Float32Array([1, -1, 1, -1]))).toBe(1)
  expect(rootMeanSquare(new Float32Array([0.5, -0.5]))).toBeCloseTo(0.5)
})

test('O8 the meter goes from −55 dB to −10 dB', () => {
  expect([0, 1e-6, 1].map(meterOf)).toEqual([0, 0, 1])
  expect(meterOf(10 ** (-32.5 / 20))).toBeCloseTo(0.5)
})

test('O8 somebody speaks from the first sound until a moment after the last', () => {
  const gate = createSpeechGate()
  expect([gate(0, 0), gate(0.1, 100), gate(0, 400), gate(0, 790), gate(0, 800)]).toEqual([
    false,
    true,
    true,
    true,
    false,
  ])
})
