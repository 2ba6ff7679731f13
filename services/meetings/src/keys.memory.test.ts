import { describe } from 'vitest'
import { keysSuite } from './suites/keys.suite.ts'
import { openMemoryWorld } from './testing/world.ts'

describe('in one process', () => {
  keysSuite(openMemoryWorld)
})
