import { meetings } from './001-meetings.ts'
import { admission } from './002-admission.ts'
import { invites } from './003-invites.ts'
import { userEvents } from './004-user-events.ts'
import { attempts } from './005-attempts.ts'
import { numbers } from './006-numbers.ts'
import { keptAnswers } from './007-kept-answers.ts'
import { updatedAt } from './008-updated-at.ts'
import { addresses } from './008-addresses.ts'
import { passcodeRound } from './008-passcode-round.ts'
import { lobbyAddress } from './009-lobby-address.ts'
import { sweeps } from './010-sweeps.ts'
import { webhooks } from './014-webhooks.ts'
import { timeline } from './025-timeline.ts'
import { disabledAccounts } from './026-disabled-accounts.ts'
import { privacy } from './015-privacy.ts'

export const migrations = {
  '001-meetings': meetings,
  '002-admission': admission,
  '003-invites': invites,
  '004-user-events': userEvents,
  '005-attempts': attempts,
  '006-numbers': numbers,
  '007-kept-answers': keptAnswers,
  '008-updated-at': updatedAt,
  '008-addresses': addresses,
  '008-passcode-round': passcodeRound,
  '009-lobby-address': lobbyAddress,
  ...sweeps,
  '014-webhooks': webhooks,
  ...privacy,
  '025-timeline': timeline,
  '026-disabled-accounts': disabledAccounts,
} as const
