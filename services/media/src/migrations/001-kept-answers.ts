import { createKeptAnswersTable } from '@parley/kit'
import type { Migration } from 'kysely/migration'

/** Answers under the keys of clients. */
export const keptAnswersMigration: Migration = { up: createKeptAnswersTable }
