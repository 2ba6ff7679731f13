import { erasures } from './0006-erasures.ts'
import { renames } from './0007-renames.ts'
import { standings } from './0008-standings.ts'
import { avatars } from './0004-avatars.ts'
import { operators } from './0007-operators.ts'
import { accounts } from './0001-accounts.ts'
import { identity } from './0002-identity.ts'
import { keptAnswers } from './0003-kept-answers.ts'
import { addresses } from './0004-addresses.ts'
import { refusals } from './0005-refusals.ts'
import { guests } from './0004-guests.ts'

export const migrations = {
  '0001-accounts': accounts,
  '0002-identity': identity,
  '0003-kept-answers': keptAnswers,
  '0004-addresses': addresses,
  '0005-refusals': refusals,
  '0006-erasures': erasures,
  '0007-operators': operators,
  '0007-renames': renames,
  '0008-standings': standings,
  '0004-guests': guests,
  '0004-avatars': avatars,
} as const
