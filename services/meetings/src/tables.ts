import type { Meeting, MeetingSettings, MeetingStatus, Role, RoomCommand, SystemNotice } from '@parley/contracts'
import type { KeptTables } from '@parley/kit'
import type { ColumnType, Generated, Kysely, Selectable } from 'kysely'
import type { InviteTables } from './invites/tables.ts'
import type { AdmissionTables } from './tables-admission.ts'
import type { UserEventTables } from './user-events/tables.ts'
import type { TimelineTables } from './timeline/tables.ts'
import type { WebhookTables } from './webhooks/tables.ts'

/** Schema `meetings`. All times are timestamptz with the milliseconds of our clock, never the database's. */
export interface Tables
  extends AdmissionTables, InviteTables, UserEventTables, WebhookTables, TimelineTables, KeptTables {
  meetings: MeetingsTable
  attendance: AttendanceTable
  room_tokens: RoomTokensTable
  outbox: OutboxTable
}
export type Db = Kysely<Tables>
export type MeetingRow = Selectable<MeetingsTable>
export type AttendanceRow = Selectable<AttendanceTable>
export type RoomTokenRow = Selectable<RoomTokensTable>
export type EndReason = Extract<RoomCommand, { kind: 'end' }>['reason']

interface MeetingsTable {
  id: string
  code: string
  title: string
  description: string
  type: Meeting['type']
  status: MeetingStatus
  host_id: string
  host_name: string
  scheduled_at: Date | null
  duration_minutes: number | null
  time_zone: string
  passcode_hash: string | null
  /** How often the host has lifted the lock of wrong passcodes. */
  passcode_round: Generated<number>
  max_participants: number
  settings: MeetingSettings
  version: number
  /** Counts the changes of who waits in the lobby. */
  lobby_version: number
  /** The number of the newest command to its room. */
  room_seq: number
  /** Where the gateway was when it was made: the links of a meeting that is told over the bus. */
  public_base: string
  created_at: Date
  /** When its version last changed. */
  updated_at: Generated<Date>
  started_at: Date | null
  ended_at: Date | null
  end_reason: EndReason | null
  /** Since when nobody is in it; null while somebody is, and before the first. */
  empty_since: Date | null
  deleted_at: Date | null
  /** The `scheduled_at` that its people were told of when it was near. */
  starting_told: Generated<Date | null>
}

/** One stay; its id is the participant's. */
interface AttendanceTable {
  id: string
  meeting_id: string
  user_id: string
  name: string
  role: Role
  joined_at: Date
  left_at: Date | null
  /** The newest fact that was applied: an older one that arrives later changes nothing but `joined_at`. */
  fact_at: Date
  fact_id: string
}

interface RoomTokensTable {
  /** SHA-256, base64url. */
  hash: string
  meeting_id: string
  user_id: string
  participant_id: string
  name: string
  role: Role
  guest: boolean
  admission: 'enter' | 'wait'
  expires_at: Date
  used_at: Date | null
  /** Which attempt of the one who redeems it spent it. */
  attempt: string | null
  /** Whether its owner knew the code of the meeting, and not only the id. */
  by_code: boolean
  /** The passcode, as the meeting kept it, that its owner knew; null for who was not asked. */
  passcode_hash: string | null
}

/** A meeting's announcement in its chat, of type `system`; the same `noticeId` is said once. */
interface Notice {
  kind: 'notice'
  noticeId: string
  text: string
  system?: SystemNotice
}
export type OutboxCommand = RoomCommand | Notice

/** Commands to rooms that signaling has not acknowledged yet, and notices that chat has not stored yet. */
interface OutboxTable {
  /** Per meeting in the order of the changes: each is written while the meeting's row is locked. */
  seq: Generated<number>
  meeting_id: string
  command: ColumnType<OutboxCommand, OutboxCommand, never>
  attempts: Generated<number>
  created_at: Date
  next_at: Date
  /** Until then one relay is delivering it. */
  leased_until: Date | null
}
