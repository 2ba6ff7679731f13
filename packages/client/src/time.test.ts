import { expect, test } from 'vitest'
import { createSleeplessClock } from './time.ts'

function clocks() {
  let wall = 1_700_000_000_000
  let monotonic = 5_000
  return {
    wall: () => wall,
    monotonic: () => monotonic,
    advance: (ms: number) => void ((wall += ms), (monotonic += ms)),
    step: (ms: number) => void (wall += ms),
  }
}

test('C14 the clock of tokens goes on while the computer sleeps, and does not go back when its time is set back', () => {
  const { wall, monotonic, advance, step } = clocks()
  const clock = createSleeplessClock(wall, monotonic)
  const from = clock()
  advance(10_000)
  expect(clock() - from).toBe(10_000)
  step(-60_000)
  expect(clock() - from).toBe(10_000)
  advance(1_000)
  expect(clock() - from).toBe(11_000)
  // Asleep: only the wall clock knows.
  step(600_000)
  expect(clock() - from).toBe(611_000)
})
