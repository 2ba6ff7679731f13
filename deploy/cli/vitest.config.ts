import { defineConfig } from 'vitest/config'

// Whole products run here, two at a time: see tests/pairs.ts.
export default defineConfig({
  test: { testTimeout: 60_000, hookTimeout: 90_000, maxWorkers: 2, sequence: { groupOrder: 2 } },
})
