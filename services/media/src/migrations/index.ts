import type { Migrations } from '@parley/kit'
import { keptAnswersMigration } from './001-kept-answers.ts'
import { filesMigration } from './010-files.ts'
import { sfuMigration } from './020-sfu.ts'
import { recordingsMigration } from './030-recordings.ts'
import { privacyMigrations } from './040-privacy.ts'
import { sfuLoadMigration } from './050-sfu-load.ts'

export const migrations: Migrations['migrations'] = {
  '001-kept-answers': keptAnswersMigration,
  '010-files': filesMigration,
  '020-sfu': sfuMigration,
  '030-recordings': recordingsMigration,
  ...privacyMigrations,
  '050-sfu-load': sfuLoadMigration,
}
