import type { Recording, RecordingLayout, RecordingStatus } from '@parley/contracts'
import type { ColumnType, Generated, Selectable } from 'kysely'

/** The tables of recordings in the schema `media`. All times are by the clock of the database. */
export interface RecordingTables {
  recordings: RecordingsTable
  recording_parts: PartsTable
  recording_stays: StaysTable
  recording_notices: NoticesTable
}

/** Why a recording ended. */
export type StopReason = 'host' | 'meeting-over' | 'empty' | 'too-long' | 'disk-full' | 'sfu-unavailable'

interface RecordingsTable {
  id: string
  meeting_id: string
  layout: RecordingLayout
  status: RecordingStatus
  started_by: string
  started_at: Generated<Date>
  first_media_at: Date | null
  ended_at: Date | null
  stop_reason: StopReason | null
  duration_ms: number | null
  size_bytes: number | null
  content_type: string | null
  failure_code: string | null
  failure_detail: string | null
  people: ColumnType<Recording['people'], Recording['people'] | undefined, Recording['people']>
  sha256: string | null
  object_key: string | null
  /** Numbers what can be seen of it; `told_rev` is what the room has confirmed. */
  rev: Generated<number>
  told_rev: Generated<number>
  told_at: Date | null
  /** The replica that works on it, until when; each holder has the next fence, and writes nothing once there is a higher one. */
  holder: string | null
  held_until: Date | null
  fence: Generated<number>
  /** When somebody is to work on it again. */
  due_at: Generated<Date>
  /** How often its film could not be made. */
  attempts: Generated<number>
  /** When the sweep has last looked whether it is still to be kept. */
  looked_at: Generated<Date>
  /** It was deleted, and is shown no more; the sweep does the rest. */
  removed_at: Date | null
}
export type RecordingRow = Selectable<RecordingsTable>

/** The tracks that one room of the SFU has recorded: the room may move to another Janus meanwhile. */
interface PartsTable {
  recording_id: string
  number: number
  janus_id: string
  room: string
  generation: number
  first_media_at: Date | null
  /** How long media had come in by then; by the clock of the Janus. */
  lead_ms: Generated<number>
}
export type PartRow = Selectable<PartsTable>

/** Somebody was in the room. */
interface StaysTable {
  recording_id: string
  participant_id: string
  name: string
  from_at: Generated<Date>
  to_at: Generated<Date>
}
export type StayRow = Selectable<StaysTable>

interface NoticesTable {
  id: string
  meeting_id: string
  text: string
  created_at: Generated<Date>
}
export type NoticeRow = Selectable<NoticesTable>
