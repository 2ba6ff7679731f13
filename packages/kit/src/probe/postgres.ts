import pg from 'pg'

export interface PostgresFacts {
  version: string
  maxConnections: number
  /** Of its clock, in ms since 1970. */
  now: number
}

const limits = { connectionTimeoutMillis: 5000, query_timeout: 5000 }

/**
 * Asks a PostgreSQL with the time limits that services set when they connect. PgBouncer may refuse these. Rejects with what
 * the server or the network said.
 */
export async function probePostgres(url: string): Promise<PostgresFacts> {
  const client = new pg.Client({
    ...limits,
    connectionString: url,
    statement_timeout: 2500,
    lock_timeout: 1000,
    idle_in_transaction_session_timeout: 5000,
    application_name: 'parley doctor',
  })
  // A connection that breaks later rejects what is under way as well.
  client.on('error', () => {})
  await client.connect()
  try {
    const { rows } = await client.query<{ version: string; most: string; now: string }>(
      `select version(), current_setting('max_connections') as most, (extract(epoch from clock_timestamp()) * 1000)::text as now`,
    )
    const [row] = rows
    if (row === undefined) throw new Error('PostgreSQL answered nothing')
    return { version: row.version, maxConnections: Number(row.most), now: Number(row.now) }
  } finally {
    await client.end()
  }
}
