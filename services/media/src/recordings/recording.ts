import type { Recording } from '@parley/contracts'
import type { RecordingRow } from './tables.ts'

/** Before these the end may be asked for, and is not there yet. */
const over: ReadonlySet<Recording['status']> = new Set(['processing', 'ready', 'failed'])

/** The public form of a recording. */
export function recordingOf(row: RecordingRow): Recording {
  const { failure_code: code, failure_detail: detail } = row
  return {
    id: row.id,
    meetingId: row.meeting_id,
    status: row.status,
    layout: row.layout,
    startedBy: row.started_by,
    startedAt: row.started_at.toISOString(),
    firstMediaAt: row.first_media_at?.toISOString() ?? null,
    endedAt: over.has(row.status) ? (row.ended_at?.toISOString() ?? null) : null,
    durationMs: row.duration_ms,
    sizeBytes: row.size_bytes,
    contentType: row.content_type,
    people: row.people,
    ...(code !== null && detail !== null && { failure: { code, detail } }),
    ...(row.sha256 !== null && { sha256: row.sha256 }),
  }
}

/** The document of a room is small, and everybody gets it: of more people than this the REST API tells. */
const participantsInRoom = 100

export function recordingForRoom(row: RecordingRow): Recording {
  const recording = recordingOf(row)
  return { ...recording, people: recording.people.slice(0, participantsInRoom) }
}

/** Everything that a recording can suffer from, by its code: whether it is told as why it failed, or beside what there is. */
export const failures = {
  'no-media': 'No sound and no picture has come in. Check that somebody has a microphone or a camera on.',
  'sfu-unavailable': 'No media server could take the meeting, so that nothing could be recorded.',
  'disk-full': 'There was no space left to record. Everything recorded before that is kept.',
  'too-long': 'The recording has reached the longest time that is allowed.',
  'processing-failed': 'The recording could not be made into a file.',
  'storage-unavailable': 'The file could not be stored, for the storage was away for too long.',
} as const
export type FailureCode = keyof typeof failures
