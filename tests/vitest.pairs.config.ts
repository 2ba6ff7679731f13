import { defineConfig } from 'vitest/config'
import { inPairs } from './pairs.ts'

export default defineConfig({
  test: {
    name: '@parley/scenarios (pairs)',
    include: inPairs,
    testTimeout: 60_000,
    hookTimeout: 90_000,
    maxWorkers: 2,
    sequence: { groupOrder: 2 },
  },
})
