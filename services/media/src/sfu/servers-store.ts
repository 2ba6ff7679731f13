import { sql } from 'kysely'
import type { SfuDb } from './rooms-store.ts'

/** How loaded a Janus is, as its keeper has written it down. */
export interface JanusLoad {
  sessions: number
  publishers: number
  /** Media that come in or go out. */
  streams: number
  /** Both directions together. */
  kbps: number
  /** Percent of a core; null: not known. */
  cpuPercent: number | null
}

/** A Janus that may take rooms. */
export interface Candidate extends JanusLoad {
  id: string
}

/** A replica that says nothing for this long keeps a Janus no more, ms. */
const holdMs = 5_000
/** How long a replica's word on the health of a Janus is believed, ms. */
const believedMs = 12_000

const loadColumns = sql`sessions, publishers, streams, kbps, cpu_percent as "cpuPercent"`

/** Adds rows for Janus that are new. */
export const addServers = async (db: SfuDb, ids: readonly string[]): Promise<void> =>
  void (await sql`
    insert into media.sfu_servers (id) select unnest(${ids}::text[]) on conflict do nothing`.execute(db))

/**
 * Takes, or goes on with, the keeping of a Janus: one replica at a time, for `holdMs` by the clock of the database. `draining` is what
 * was said at run time; null: another replica keeps it.
 */
export async function holdServer(db: SfuDb, id: string, holder: string): Promise<{ draining: boolean } | null> {
  const { rows } = await sql<{ draining: boolean }>`
    update media.sfu_servers
    set holder = ${holder}, held_until = clock_timestamp() + make_interval(secs => ${holdMs / 1_000})
    where id = ${id} and (holder = ${holder} or held_until is null or held_until < clock_timestamp())
    returning draining`.execute(db)
  return rows[0] ?? null
}

/** Gives a Janus back, so that another replica need not wait. */
export const releaseServer = async (db: SfuDb, id: string, holder: string): Promise<void> =>
  void (await sql`update media.sfu_servers set held_until = null where id = ${id} and holder = ${holder}`.execute(db))

/** Writes down how a Janus is, by the replica that keeps it. */
export const reportServer = async (
  db: SfuDb,
  { id, holder, healthy, load }: { id: string; holder: string; healthy: boolean; load: JanusLoad },
): Promise<void> =>
  void (await sql`
    update media.sfu_servers
    set healthy = ${healthy}, sessions = ${load.sessions}, publishers = ${load.publishers}, streams = ${load.streams},
      kbps = ${load.kbps}, cpu_percent = ${load.cpuPercent}, checked_at = clock_timestamp()
    where id = ${id} and holder = ${holder}`.execute(db))

/** Whether a replica has looked at each of `ids` by now, and said how it is. */
export async function areKnown(db: SfuDb, ids: readonly string[]): Promise<boolean> {
  const { rows } = await sql`
    select 1 from media.sfu_servers where id = any(${ids}::text[]) and checked_at is not null`.execute(db)
  return rows.length === ids.length
}

/** Those of `ids` that answer, and are not being drained. */
export async function candidates(db: SfuDb, ids: readonly string[]): Promise<Candidate[]> {
  const { rows } = await sql<Candidate>`
    select id, ${loadColumns} from media.sfu_servers
    where id = any(${ids}::text[]) and healthy and not draining
      and checked_at > clock_timestamp() - make_interval(secs => ${believedMs / 1_000})`.execute(db)
  return rows
}

/** How a Janus was found last; as unknown before it was stored. */
export async function readServer(db: SfuDb, id: string): Promise<JanusLoad & { healthy: boolean; draining: boolean }> {
  const { rows } = await sql<JanusLoad & { healthy: boolean; draining: boolean }>`
    select draining, healthy, ${loadColumns} from media.sfu_servers where id = ${id}`.execute(db)
  return (
    rows[0] ?? { draining: false, healthy: false, sessions: 0, publishers: 0, streams: 0, kbps: 0, cpuPercent: null }
  )
}

/** False: there is no such Janus. */
export async function setDraining(db: SfuDb, id: string, draining: boolean): Promise<boolean> {
  const { rows } = await sql`
    update media.sfu_servers set draining = ${draining} where id = ${id} returning id`.execute(db)
  return rows.length > 0
}
