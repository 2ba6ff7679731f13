import type { Migrations } from '@parley/kit'
import { messagesMigration } from './001-messages.ts'

export const migrations: Migrations['migrations'] = {
  '001-messages': messagesMigration,
}
