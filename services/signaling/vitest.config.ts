import { defineConfig } from 'vitest/config'

// Most of these tests wait for time to pass, and leave the cores to each other.
export default defineConfig({
  test: { testTimeout: 20_000, hookTimeout: 30_000, maxWorkers: 4, sequence: { groupOrder: 3 } },
})
