import {
  meetingDefaults,
  type Attendance,
  type Meeting,
  type MeetingSettings,
  type MeetingStatus,
} from '@parley/contracts'
import type { Base } from './links.ts'
import type { KnownStay } from './store/attendance.ts'
import type { EndReason, MeetingRow } from './tables.ts'

/** The defaults of a new meeting of a type. A private one takes guests only when that is said: its word promises as much. */
export const defaultSettings = (type: Meeting['type']): MeetingSettings => ({
  ...meetingDefaults.settings,
  guestsAllowed: type !== 'private',
})

/** Why a meeting is over, for whoever comes too late. */
export const whyOver: Readonly<Record<EndReason, string>> = {
  host: 'Its host has ended the meeting',
  cancelled: 'Its host has cancelled the meeting',
  empty: 'Everybody had left, and nobody came back for a long time',
  expired: 'The time of the meeting is over',
}

/** Ended or cancelled: nobody may enter or change it any more. */
export const isOver = (status: MeetingStatus): boolean => status === 'ended' || status === 'cancelled'

/** A meeting as the API shows it; `base` is what its link begins with. */
export const toMeeting = (row: MeetingRow, base: Base): Meeting => ({
  id: row.id,
  code: row.code,
  joinLink: base.join(row.code),
  title: row.title,
  description: row.description,
  type: row.type,
  status: row.status,
  hostId: row.host_id,
  scheduledAt: row.scheduled_at?.toISOString() ?? null,
  durationMinutes: row.duration_minutes,
  timeZone: row.time_zone,
  hasPasscode: row.passcode_hash !== null,
  maxParticipants: row.max_participants,
  settings: row.settings,
  version: row.version,
  createdAt: row.created_at.toISOString(),
  updatedAt: row.updated_at.toISOString(),
  startedAt: row.started_at?.toISOString() ?? null,
  endedAt: row.ended_at?.toISOString() ?? null,
})

export const toAttendance = (row: KnownStay): Attendance => ({
  id: row.id,
  userId: row.user_id,
  name: row.name,
  role: row.role,
  guest: row.guest,
  joinedAt: row.joined_at.toISOString(),
  leftAt: row.left_at?.toISOString() ?? null,
})
