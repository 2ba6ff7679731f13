import type { UserEventName } from '@parley/contracts'
import type { Generated, Selectable } from 'kysely'

/** The tables of migration 004. */
export interface UserEventTables {
  user_boxes: UserBoxesTable
  user_events: UserEventsTable
}
export type UserEventRow = Selectable<UserEventsTable>

/** The events of one account, or of one e-mail address that is not known to be an account's. */
interface UserBoxesTable {
  /** See `boxOf`. */
  box: string
  /** Number of the newest event; its row is locked until the event is committed, so that they become visible in order. */
  last_seq: number
  /** The newest that event streams were told of. */
  told_seq: Generated<number>
}

interface UserEventsTable {
  box: string
  seq: number
  type: UserEventName
  data: unknown
  created_at: Date
}
