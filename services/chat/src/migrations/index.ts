import type { Migrations } from '@parley/kit'
import { messagesMigration } from './001-messages.ts'
import { changesMigration } from './002-changes.ts'

export const migrations: Migrations['migrations'] = {
  '001-messages': messagesMigration,
  '002-changes': changesMigration,
}
