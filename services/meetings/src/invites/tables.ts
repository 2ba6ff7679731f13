import type { InviteStatus } from '@parley/contracts'
import type { MailOutboxTable } from '@parley/kit'
import type { Selectable } from 'kysely'

/** The tables of migration 003. */
export interface InviteTables {
  invites: InvitesTable
  invite_tokens: InviteTokensTable
  visits: VisitsTable
  moves: MovesTable
  mail_outbox: MailOutboxTable
}
export type InviteRow = Selectable<InvitesTable>

/** One per person and meeting: who is invited again after a no gets the same one again. */
interface InvitesTable {
  id: string
  meeting_id: string
  /** Of the meeting, for the order of listings. */
  meeting_created_at: Date
  /** Lower case; either this or `user_id`. */
  email: string | null
  user_id: string | null
  status: InviteStatus
  message: string | null
  invited_by: string
  invited_by_name: string
  /** The person the invite is for, as far as known: `user_id`, or who has shown to own the address or to hold the mail. */
  claimed_by: string | null
  claimed_by_guest: boolean
  created_at: Date
}

/** The token that mails carried, as SHA-256, base64url. All of them are good for as long as the invite is. */
interface InviteTokensTable {
  hash: string
  invite_id: string
}

/** The visits of people to meetings, each once. */
interface VisitsTable {
  user_id: string
  meeting_id: string
  meeting_created_at: Date
}

/** Every coming and going. `attendance` keeps one stay per participant, whom a resumed session brings back. */
interface MovesTable {
  fact_id: string
  meeting_id: string
  participant_id: string
  kind: 'joined' | 'left'
  at: Date
}
