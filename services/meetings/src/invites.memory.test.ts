import { describe } from 'vitest'
import { inviteMailSuite } from './suites/invite-mail.suite.ts'
import { invitesSuite } from './suites/invites.suite.ts'
import { statsSuite } from './suites/stats.suite.ts'
import { openMemoryWorld } from './testing/world.ts'

describe('in one process', () => {
  for (const suite of [invitesSuite, inviteMailSuite, statsSuite]) suite(openMemoryWorld)
})
