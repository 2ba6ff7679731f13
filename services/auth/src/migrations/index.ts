import { accounts } from './0001-accounts.ts'
import { identity } from './0002-identity.ts'
import { keptAnswers } from './0003-kept-answers.ts'
import { guests } from './0004-guests.ts'

export const migrations = {
  '0001-accounts': accounts,
  '0002-identity': identity,
  '0003-kept-answers': keptAnswers,
  '0004-guests': guests,
} as const
