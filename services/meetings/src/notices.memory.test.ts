import { describe } from 'vitest'
import { noticesSuite } from './suites/notices.suite.ts'
import { openMemoryWorld } from './testing/world.ts'

describe('in one process', () => {
  noticesSuite(openMemoryWorld)
})
