import { defineConfig } from 'vitest/config'

// Whole products run here: after the other tests, and one at a time, so that each has the machine.
export default defineConfig({
  test: { testTimeout: 60_000, hookTimeout: 90_000, maxWorkers: 1, sequence: { groupOrder: 1 } },
})
