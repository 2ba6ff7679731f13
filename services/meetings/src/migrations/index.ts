import { meetings } from './001-meetings.ts'
import { admission } from './002-admission.ts'
import { invites } from './003-invites.ts'

export const migrations = { '001-meetings': meetings, '002-admission': admission, '003-invites': invites } as const
