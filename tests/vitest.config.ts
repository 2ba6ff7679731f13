import { configDefaults, defineConfig } from 'vitest/config'
import { inPairs } from './pairs.ts'

// Whole products run here: after the other tests, and one at a time, so that each has the machine.
export default defineConfig({
  test: {
    testTimeout: 60_000,
    hookTimeout: 90_000,
    exclude: [...configDefaults.exclude, ...inPairs],
    maxWorkers: 1,
    sequence: { groupOrder: 1 },
  },
})
