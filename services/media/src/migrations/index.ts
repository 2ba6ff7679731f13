import type { Migrations } from '@parley/kit'
import { keptAnswersMigration } from './001-kept-answers.ts'
import { filesMigration } from './010-files.ts'

export const migrations: Migrations['migrations'] = {
  '001-kept-answers': keptAnswersMigration,
  '010-files': filesMigration,
}
