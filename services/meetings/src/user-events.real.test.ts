import { describe } from 'vitest'
import { userEventsSuite } from './suites/user-events.suite.ts'
import { openRealWorld } from './testing/world.ts'

describe('on PostgreSQL, Redis and NATS', () => {
  userEventsSuite(openRealWorld)
})
