import { indexConcurrently, type Migrations } from '@parley/kit'
import { sql } from 'kysely'

const schema = 'meetings'
const index = (name: string, on: ReturnType<typeof sql>) => indexConcurrently({ schema, name }, on)

/** All of a person, and what is older than is to be kept, is found by an index. */
export const privacy: Migrations['migrations'] = {
  '015-members-person': index('members_person', sql`meetings.members (user_id)`),
  '016-members-banned-by': index('members_banned_by', sql`meetings.members (banned_by) where banned_by is not null`),
  '017-lobby-person': index('lobby_entries_person', sql`meetings.lobby_entries (user_id)`),
  '018-lobby-decided-by': index(
    'lobby_entries_decided_by',
    sql`meetings.lobby_entries (decided_by) where decided_by is not null`,
  ),
  '019-invites-inviter': index('invites_inviter', sql`meetings.invites (invited_by)`),
  '020-join-tokens-person': index('join_tokens_person', sql`meetings.join_tokens (created_by)`),
  '021-join-token-uses-person': index('join_token_uses_person', sql`meetings.join_token_uses (user_id)`),
  '022-attendance-old': index('attendance_old', sql`meetings.attendance (left_at) where left_at is not null`),
  '023-moves-old': index('moves_old', sql`meetings.moves (at)`),
  '024-invites-account': index('invites_account', sql`meetings.invites (user_id) where user_id is not null`),
}
