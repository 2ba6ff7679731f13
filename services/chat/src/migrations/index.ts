import type { Migrations } from '@parley/kit'
import { messagesMigration } from './001-messages.ts'
import { changesMigration } from './002-changes.ts'
import { filesMigration } from './004-files.ts'
import { keptAnswersMigration } from './003-kept-answers.ts'
import { guestsMigration } from './004-guests.ts'
import { privacyMigrations } from './005-privacy.ts'
import { systemMigration } from './006-system.ts'

export const migrations: Migrations['migrations'] = {
  '001-messages': messagesMigration,
  '002-changes': changesMigration,
  '003-kept-answers': keptAnswersMigration,
  '004-files': filesMigration,
  '004-guests': guestsMigration,
  ...privacyMigrations,
  '006-system': systemMigration,
}
