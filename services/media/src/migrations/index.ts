import type { Migrations } from '@parley/kit'
import { keptAnswersMigration } from './001-kept-answers.ts'

export const migrations: Migrations['migrations'] = {
  '001-kept-answers': keptAnswersMigration,
}
