import { describe } from 'vitest'
import { inviteMailSuite } from './suites/invite-mail.suite.ts'
import { invitesSuite } from './suites/invites.suite.ts'
import { statsSuite } from './suites/stats.suite.ts'
import { openRealWorld } from './testing/world.ts'

describe('on PostgreSQL, Redis and NATS', () => {
  for (const suite of [invitesSuite, inviteMailSuite, statsSuite]) suite(openRealWorld)
})
