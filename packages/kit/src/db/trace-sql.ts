import type { KyselyConfig } from 'kysely'
import { isTracing, recordBelow } from '../tracing/trace.ts'

const maxText = 2_000

/** The part of Kysely's settings that records a span per query: its text has placeholders, and values are never recorded. */
export const traceSql = (): Pick<KyselyConfig, 'log'> =>
  isTracing()
    ? {
        log(event) {
          const sql = event.query.sql.trim()
          const [verb = 'query'] = sql.split(/\s/, 1)
          const attributes = { 'db.system.name': 'postgresql', 'db.query.text': sql.slice(0, maxText) }
          const error = event.level === 'error' ? event.error : undefined
          recordBelow({ name: `SQL ${verb}`, kind: 'client', attributes }, event.queryDurationMillis, error)
        },
      }
    : {}
