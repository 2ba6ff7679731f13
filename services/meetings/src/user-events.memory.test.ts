import { describe } from 'vitest'
import { userEventsSuite } from './suites/user-events.suite.ts'
import { openMemoryWorld } from './testing/world.ts'

describe('in one process', () => {
  userEventsSuite(openMemoryWorld)
})
