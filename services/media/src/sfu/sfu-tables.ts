import type { Generated } from 'kysely'

/** The tables of the SFU in the schema `media`. */
export interface SfuTables {
  sfu_rooms: SfuRoomsTable
  sfu_servers: SfuServersTable
}

interface SfuRoomsTable {
  meeting_id: string
  generation: number
  janus_id: string | null
  room: string | null
  changed_at: Generated<Date>
}

interface SfuServersTable {
  id: string
  holder: string | null
  held_until: Date | null
  healthy: Generated<boolean>
  checked_at: Date | null
  draining: Generated<boolean>
  sessions: Generated<number>
  publishers: Generated<number>
  streams: Generated<number>
  kbps: Generated<number>
  cpu_percent: number | null
}
