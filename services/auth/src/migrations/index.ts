import { accounts } from './0001-accounts.ts'
import { identity } from './0002-identity.ts'

export const migrations = { '0001-accounts': accounts, '0002-identity': identity } as const
