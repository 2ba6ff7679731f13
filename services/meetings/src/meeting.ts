import type { Attendance, Meeting, MeetingStatus } from '@parley/contracts'
import { joinLink } from './links.ts'
import type { AttendanceRow, MeetingRow } from './tables.ts'

/** Ended or cancelled: nobody may enter or change it any more. */
export const isOver = (status: MeetingStatus): boolean => status === 'ended' || status === 'cancelled'

/** A meeting as the API shows it; `base` is where browsers reach the gateway. */
export const toMeeting = (row: MeetingRow, base: string): Meeting => ({
  id: row.id,
  code: row.code,
  joinLink: joinLink(base, row.code),
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

export const toAttendance = (row: AttendanceRow): Attendance => ({
  id: row.id,
  userId: row.user_id,
  name: row.name,
  role: row.role,
  joinedAt: row.joined_at.toISOString(),
  leftAt: row.left_at?.toISOString() ?? null,
})
