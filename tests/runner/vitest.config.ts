import { defineConfig } from 'vitest/config'

/** All tests of the repository in one run; each folder's own vitest.config.ts holds. Real servers run beside them. */
export default defineConfig({
  test: {
    projects: [
      'packages/*',
      'services/*',
      'deploy/cli',
      'deploy/embedded',
      'deploy/stack',
      'deploy/launcher',
      'deploy/chart',
      'tests',
      'tests/vitest.pairs.config.ts',
    ],
    maxWorkers: 2,
  },
})
