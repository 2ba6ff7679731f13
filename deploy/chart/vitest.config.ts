import { defineConfig } from 'vitest/config'

// Installs Helm on the first run.
export default defineConfig({ test: { testTimeout: 60_000, hookTimeout: 180_000 } })
