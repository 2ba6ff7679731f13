import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** Runs a statement by `psql`, apart from the product's own connections; the rows, when it is a query. */
export async function sql<T = never>(url: string, statement: string): Promise<T[]> {
  const query = /^\s*select\b/i.test(statement)
  const text = query ? `select coalesce(json_agg(r), '[]') from (${statement}) r` : statement
  const args = ['-X', '-q', '-t', '-A', '-v', 'ON_ERROR_STOP=1', '-c', text, url]
  const { stdout } = await run('psql', args, { timeout: 20_000, maxBuffer: 16 * 1024 * 1024 })
  return query ? (JSON.parse(stdout) as T[]) : []
}
