import type { Selectable } from 'kysely'

/** The table of migration 025. */
export interface TimelineTables {
  timeline: TimelineTable
}
export type TimelineRow = Selectable<TimelineTable>

interface TimelineTable {
  id: string
  meeting_id: string
  at: Date
  /** A message of a client, `socket.lost`, `recording.…`, or a route with its method. */
  kind: string
  /** `ok`, the code of a problem, or a close code. */
  outcome: string
  user_id: string | null
  participant_id: string | null
  /** The participant that it was done to. */
  target_id: string | null
  request_id: string | null
  node: string | null
}
