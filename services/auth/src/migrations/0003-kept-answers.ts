import { createKeptAnswersTable } from '@parley/kit'
import type { Migration } from 'kysely/migration'

/** Answers under the keys of clients. */
export const keptAnswers: Migration = { up: createKeptAnswersTable }
