import type { PostgresCursor, PostgresPool, PostgresPoolClient, PostgresQueryResult } from 'kysely'
import type pg from 'pg'
import { ProblemError } from '../problem.ts'

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
      return watched(await pool.connect())
    },
    end: () => pool.end(),
  }
}

function watched(client: pg.PoolClient): PostgresPoolClient {
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
    return client.query(text, [...parameters]).catch((error: unknown) => {
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
