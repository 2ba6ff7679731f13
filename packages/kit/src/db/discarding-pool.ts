import type { PostgresCursor, PostgresPool, PostgresPoolClient, PostgresQueryResult } from 'kysely'
import type pg from 'pg'
import { ProblemError } from '../problem.ts'
import { preparedName } from './prepared.ts'

/** Queries that wait for a connection at most; each waits for 2 s at most. */
const mostWaiting = 10_000

/**
 * A pool that throws away connections on which a query timed out. `pg` gives such a query up but leaves it running. The next user of the
 * connection would wait behind it.
 */
export function discarding(pool: pg.Pool): PostgresPool {
  return {
    options: pool.options,
    async connect() {
      if (pool.waitingCount >= mostWaiting)
        throw new ProblemError('unavailable', 'Too many requests wait for the database')
      const client = await pool.connect()
      return watched(client, await isDirect(client))
    },
    end: () => pool.end(),
  }
}

const direct = new WeakMap<pg.PoolClient, boolean>()

/**
 * Whether each statement of a connection reaches the same session of PostgreSQL, so that it finds what was prepared there. A pooler such as
 * PgBouncer hands out a process id of its own at the start of a connection.
 */
async function isDirect(client: pg.PoolClient): Promise<boolean> {
  const known = direct.get(client)
  if (known !== undefined) return known
  try {
    const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid')
    const is = 'processID' in client && client.processID === rows[0]?.pid
    direct.set(client, is)
    return is
  } catch (error) {
    client.release(true)
    throw error
  }
}

function watched(client: pg.PoolClient, isDirectly: boolean): PostgresPoolClient {
  let broken: Error | null = null
  // The pool listens only to idle connections; one that breaks in use without a query under way would end the process.
  const onBreak = (error: Error): void => void (broken ??= error)
  client.on('error', onBreak)
  function query<R>(text: string, parameters: readonly unknown[]): Promise<PostgresQueryResult<R>>
  function query<R>(cursor: PostgresCursor<R>): PostgresCursor<R>
  function query(text: unknown, parameters: readonly unknown[] = []): unknown {
    // Streaming is not used: it would hold a connection for as long as the reader likes.
    if (typeof text !== 'string') throw new TypeError('streams are not supported')
    if (broken !== null) return Promise.reject(broken)
    const name = isDirectly ? preparedName(text) : undefined
    return client
      .query({ text, values: [...parameters], ...(name !== undefined && { name }) })
      .catch((error: unknown) => {
        if (error instanceof Error && !('severity' in error)) broken = error
        throw error
      })
  }
  const release = (destroy = false): void => {
    client.off('error', onBreak)
    client.release(destroy || broken !== null)
  }
  return { query, release }
}
