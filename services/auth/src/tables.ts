import type { KeptTables, OutboxTables } from '@parley/kit'
import type { Generated, Insertable, Kysely, Selectable } from 'kysely'

/** Times are `timestamptz`, ids `uuid`; see `migrations`. */
export interface Tables extends KeptTables, OutboxTables {
  users: UsersTable
  sessions: SessionsTable
  refresh_tokens: RefreshTokensTable
  signing_keys: SigningKeysTable
  revocations: RevocationsTable
  identities: IdentitiesTable
  mail_tokens: MailTokensTable
  erasures: ErasuresTable
  operator_actions: OperatorActionsTable
  renames: RenamesTable
  standings: StandingsTable
}
/** The service's schema, or a transaction on it. */
export type Db = Kysely<Tables>

interface UsersTable {
  id: string
  kind: 'user' | 'guest'
  /** As `readAddress` spells it; null for guests. */
  email: string | null
  name: string
  username: string | null
  /** When the address was shown to be theirs; null until then. */
  email_verified_at: Generated<Date | null>
  /** When the owner of the address said that the account is not theirs; no mail asks them again. */
  email_refused_at: Generated<Date | null>
  password_hash: string | null
  /** Counts changes of the password, not of its hash. */
  password_version: Generated<number>
  /** SHA-256 of what the guest's browser keeps, base64url; null for accounts, and for guests without cookies. */
  guest_key: Generated<string | null>
  avatar_file_id: Generated<string | null>
  /** When an operator disabled the account: nobody signs in with it. */
  disabled_at: Generated<Date | null>
  /** Access tokens issued under a smaller one are dead. */
  epoch: Generated<number>
  created_at: Date
  updated_at: Date
}
export type UserRow = Selectable<UsersTable>
export type NewUser = Insertable<UsersTable>

interface SessionsTable {
  id: string
  user_id: string
  created_at: Date
  last_used_at: Date
  expires_at: Date
  revoked_at: Date | null
  user_agent: string | null
  address: string | null
}
export type SessionRow = Selectable<SessionsTable>

interface RefreshTokensTable {
  /** SHA-256 of the token, base64url. The token itself is nowhere. */
  hash: string
  session_id: string
  issued_at: Date
  /** When it was spent, or last asked with since, by the database's clock. */
  used_at: Date | null
  /** The successor, encrypted under the token itself, while a retry may still ask for it. */
  sealed_successor: string | null
}
export type RefreshTokenRow = Selectable<RefreshTokensTable>

interface SigningKeysTable {
  /** The JWK thumbprint of the public key (RFC 7638). */
  kid: string
  /** The public key, `x` of its JWK (RFC 8037). */
  public_x: string
  /** PKCS #8 PEM, sealed; see `keys/sealer.ts`. */
  private_key: string
  created_at: Date
  /** From then on it signs. It is published from the start. */
  activates_at: Date
  /** Until then it is published; null while it has no successor. */
  retires_at: Date | null
}
export type SigningKeyRow = Selectable<SigningKeysTable>

interface RevocationsTable {
  seq: Generated<number>
  kind: 'user' | 'session'
  subject_id: string
  epoch: number | null
  /** By the database's clock, which all replicas share. */
  at: Generated<Date>
}
export type RevocationRow = Selectable<RevocationsTable>

interface IdentitiesTable {
  issuer: string
  /** The person's name at the issuer, for ever (OpenID Connect, 5.7). */
  subject: string
  user_id: string
  created_at: Date
}

interface MailTokensTable {
  user_id: string
  purpose: 'reset' | 'verify'
  /** SHA-256 of the token, base64url. The token itself is in the mail only. */
  hash: string
  /** Where it was sent: it proves this address, whatever the account's is by then. */
  email: string
  expires_at: Date
}
export type MailTokenRow = Selectable<MailTokensTable>

/** An action of an operator on an account, for an audit; it goes after 400 days, or with the account. */
interface OperatorActionsTable {
  id: string
  user_id: string
  action: 'disable' | 'enable' | 'reset-password' | 'verify'
  reason: string | null
  at: Date
}
export type OperatorActionRow = Selectable<OperatorActionsTable>

/** A name that an account had, until meetings has confirmed that its copies have followed. */
interface RenamesTable {
  id: string
  user_id: string
  before: string
  at: Generated<Date>
  /** By the database's clock; while a replica works on it, when it counts as dead. */
  due_at: Generated<Date>
}

interface StandingsTable {
  user_id: string
  /** As in `renames`. */
  due_at: Generated<Date>
}

/** The job by which the other services forget a person whose account is gone; it goes when they have. */
interface ErasuresTable {
  user_id: string
  /** The id that stands for them where something stays. */
  alias: string
  /** Null for an address that they had not shown to own. */
  email: string | null
  name: string
  at: Date
  /** By the database's clock; while a replica works on it, when it counts as dead. */
  due_at: Date
  passes: Generated<number>
}
