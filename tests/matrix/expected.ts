import { auth } from './expected/auth.ts'
import { files } from './expected/files.ts'
import { invites } from './expected/invites.ts'
import { lobby } from './expected/lobby.ts'
import { meetings } from './expected/meetings.ts'
import { moderation } from './expected/moderation.ts'
import { recordings } from './expected/recordings.ts'
import { chat, events, sfu, signaling, stats } from './expected/rest.ts'
import { webhooks } from './expected/webhooks.ts'
import type { Table } from './row.ts'

/**
 * The expected answers of every operation to everybody, written down from `product.md` and the contracts: not from what the
 * product does. An operation without a row does not compile, and fails the test.
 */
export const expected = {
  ...auth,
  ...meetings,
  ...moderation,
  ...lobby,
  ...invites,
  ...stats,
  ...chat,
  ...files,
  ...recordings,
  ...signaling,
  ...sfu,
  ...events,
  ...webhooks,
} satisfies Table
