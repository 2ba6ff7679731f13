import type { Recording } from '@parley/contracts'
import { json } from '@parley/kit'
import { sql, type UpdateObject } from 'kysely'
import type { Film } from './film/film.ts'
import { failures, type FailureCode } from './recording.ts'
import type { RecordingTables, StopReason } from './tables.ts'

/** A visible change of a recording, and its notice in the chat, which is said once by its kind. */
export interface RecordingChange {
  set: UpdateObject<RecordingTables, 'recordings'>
  notice?: { kind: string; text: string }
}

const now = sql<Date>`clock_timestamp()`

const failure = (code: FailureCode) => ({ failure_code: code, failure_detail: failures[code] })
const noFailure = { failure_code: null, failure_detail: null }

/** The SFU was told to record. */
export const begun: RecordingChange = { set: { status: 'starting' } }

/** Sound or pictures come in. */
export const gotMedia: RecordingChange = { set: { status: 'recording', first_media_at: now, ...noFailure } }

/** Nothing came in for 15 s; it goes on, and is told. */
export const withoutMedia: RecordingChange = {
  set: failure('no-media'),
  notice: { kind: 'silent', text: `The recording is empty so far. ${failures['no-media']}` },
}

const whyItEnded: Record<StopReason, string> = {
  host: 'The recording was stopped.',
  'meeting-over': 'The recording ended with the meeting.',
  empty: 'The recording ended, for nobody was in the meeting.',
  'too-long': `The recording was stopped. ${failures['too-long']}`,
  'disk-full': `The recording was stopped. ${failures['disk-full']}`,
  'sfu-unavailable': `The recording was stopped. ${failures['sfu-unavailable']}`,
}

const toldBeside: Partial<Record<StopReason, FailureCode>> = { 'disk-full': 'disk-full', 'too-long': 'too-long' }

/** Since so many milliseconds nothing more is recorded, or since it was asked to stop; the tracks are made into a film. */
export function ended(reason: StopReason, agoMs: number): RecordingChange {
  const code = toldBeside[reason]
  return {
    set: {
      status: 'processing',
      ended_at: sql<Date>`coalesce(ended_at, clock_timestamp() - make_interval(secs => ${agoMs / 1000}))`,
      stop_reason: reason,
      due_at: now,
      held_until: null,
      ...(code === undefined ? noFailure : failure(code)),
    },
    notice: { kind: 'ended', text: whyItEnded[reason] },
  }
}

/** There is nothing to play, and nothing will be done about it. */
export const failed = (code: FailureCode): RecordingChange => ({
  set: { status: 'failed', ...failure(code), ended_at: sql<Date>`coalesce(ended_at, clock_timestamp())` },
  notice: { kind: 'failed', text: `The recording failed. ${failures[code]}` },
})

/** It can be played. A failure that cut it short stays. */
export const ready = (film: Omit<Film, 'file'>, key: string): RecordingChange => ({
  set: {
    status: 'ready',
    duration_ms: film.durationMs,
    size_bytes: film.sizeBytes,
    content_type: film.contentType,
    people: json<Recording['people']>(film.participants),
    sha256: film.sha256,
    object_key: key,
  },
  notice: { kind: 'ready', text: 'The recording can be played.' },
})
