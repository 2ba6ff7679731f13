import { describe } from 'vitest'
import { keysSuite } from './suites/keys.suite.ts'
import { openRealWorld } from './testing/world.ts'

describe('on PostgreSQL, Redis and NATS', () => {
  keysSuite(openRealWorld)
})
