import { describe } from 'vitest'
import { webhooksSuite } from './suites/webhooks.suite.ts'
import { openRealWorld } from './testing/world.ts'

describe('on real servers', () => {
  webhooksSuite(openRealWorld)
})
