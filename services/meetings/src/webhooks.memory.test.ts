import { describe } from 'vitest'
import { webhooksSuite } from './suites/webhooks.suite.ts'
import { openMemoryWorld } from './testing/world.ts'

describe('in one process', () => {
  webhooksSuite(openMemoryWorld)
})
