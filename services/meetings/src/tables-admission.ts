import type { Role } from '@parley/contracts'
import type { Generated, Selectable } from 'kysely'

/** Tables of who may enter: `002-admission`. */
export interface AdmissionTables {
  members: MembersTable
  lobby_entries: LobbyEntriesTable
  join_tokens: JoinTokensTable
  join_token_uses: JoinTokenUsesTable
}
export type MemberRow = Selectable<MembersTable>
export type LobbyRow = Selectable<LobbyEntriesTable>
export type JoinTokenRow = Selectable<JoinTokensTable>
/** A role that somebody has been given; the host is who the meeting says it is. */
export type GivenRole = Exclude<Role, 'host'>

/** The decisions on a person in a meeting, whether or not they were ever in it. */
interface MembersTable {
  meeting_id: string
  user_id: string
  name: string
  guest: boolean
  role: GivenRole | null
  /** Goes straight in since then; taken back by a removal. */
  admitted_at: Date | null
  /** Was removed: waits in the lobby the next time, whatever the settings say. */
  must_wait: Generated<boolean>
  banned_at: Date | null
  banned_by: string | null
  /** The join token that the role and the admission came by, as long as nobody has decided on them otherwise. */
  join_token: Generated<string | null>
}

interface LobbyEntriesTable {
  meeting_id: string
  user_id: string
  participant_id: string
  name: string
  guest: boolean
  /** The place in the queue. */
  asked_at: Date
  seen_at: Date
  /** `lapsed`: not seen for too long; back in its place if its socket turns out to be there. */
  status: 'waiting' | 'admitted' | 'rejected' | 'removed' | 'left' | 'lapsed'
  decided_by: string | null
  decided_at: Date | null
  /** From where, as a hash; null where that is not known. */
  address: string | null
}

interface JoinTokensTable {
  id: string
  meeting_id: string
  /** SHA-256, base64url. */
  hash: string
  role: GivenRole
  uses: number
  uses_left: number
  created_by: string
  created_by_name: string
  created_at: Date
  expires_at: Date
  revoked_at: Date | null
}

interface JoinTokenUsesTable {
  token_id: string
  user_id: string
  used_at: Date
}
