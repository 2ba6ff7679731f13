import { systemClock } from '../clock.ts'
import type { Clock } from '../service.ts'

/** A clock that a test moves. */
export interface TestClock extends Clock {
  /** Lets time pass: both clocks go on. */
  advance(ms: number): void
  /** Sets the wall clock forward, or back, as somebody who corrects a machine's time does; no time passes. */
  step(ms: number): void
}

/** Time that passes only when the test says so. Its two clocks begin far apart, so that nobody takes one for the other. */
export const fakeClock = (startsAt = 1_700_000_000_000): TestClock =>
  movable({ now: () => startsAt, monotonic: () => 5_000 })

/** The real time, and what the test adds to it. */
export const steppingClock = (): TestClock => movable(systemClock)

function movable(clock: Clock): TestClock {
  let passed = 0
  let stepped = 0
  return {
    now: () => clock.now() + passed + stepped,
    monotonic: () => clock.monotonic() + passed,
    advance: (ms) => void (passed += ms),
    step: (ms) => void (stepped += ms),
  }
}
