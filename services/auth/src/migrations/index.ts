import { avatars } from './0004-avatars.ts'
import { accounts } from './0001-accounts.ts'
import { identity } from './0002-identity.ts'
import { keptAnswers } from './0003-kept-answers.ts'
import { addresses } from './0004-addresses.ts'
import { refusals } from './0005-refusals.ts'

export const migrations = {
  '0001-accounts': accounts,
  '0002-identity': identity,
  '0003-kept-answers': keptAnswers,
  '0004-avatars': avatars,
  '0004-addresses': addresses,
  '0005-refusals': refusals,
} as const
