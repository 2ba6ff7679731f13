import { describe } from 'vitest'
import { noticesSuite } from './suites/notices.suite.ts'
import { openRealWorld } from './testing/world.ts'

describe('on PostgreSQL, Redis and NATS', () => {
  noticesSuite(openRealWorld)
})
