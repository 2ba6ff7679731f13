import { createQueryId, type Compilable, type CompiledQuery, type Kysely } from 'kysely'

/** Stands for a value while a query is compiled. */
class Parameter {
  readonly name: string
  constructor(name: string) {
    this.name = name
  }
}

const names = new Map<string, string>()

/** The name under which a text is prepared; undefined where it is planned each time. */
export const preparedName = (text: string): string | undefined => names.get(text)

/**
 * A query that is compiled once in the process, and that PostgreSQL parses and plans once for each connection
 * (https://www.postgresql.org/docs/current/sql-prepare.html). It is worth it for joins of many tables that run all the time. `build` gets a
 * stand-in for each value, and may hand it on to Kysely only. Select columns by name: after a migration adds a column, PostgreSQL
 * refuses a prepared `select *` ("cached plan must not change result type").
 */
export function prepared<Tables, Values extends object, Row>(
  name: string,
  build: (db: Kysely<Tables>, values: Values) => Compilable<Row>,
): (db: Kysely<Tables>, values: Values) => Promise<Row[]> {
  let compiled: CompiledQuery<Row> | undefined
  return async (db, values) => {
    compiled ??= register(name, build(db, standIns(values)).compile())
    const given = new Map<string, unknown>(Object.entries(values))
    const parameters = compiled.parameters.map((value) => (value instanceof Parameter ? given.get(value.name) : value))
    const { rows } = await db.executeQuery<Row>({ ...compiled, parameters, queryId: createQueryId() })
    return rows
  }
}

const standIns = <Values extends object>(values: Values): Values =>
  Object.fromEntries(Object.keys(values).map((name) => [name, new Parameter(name)])) as Values

function register<Row>(name: string, compiled: CompiledQuery<Row>): CompiledQuery<Row> {
  names.set(compiled.sql, name)
  return compiled
}
