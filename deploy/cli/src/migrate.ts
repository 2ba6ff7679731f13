import { definitions } from '@parley/embedded'
import { migrate, readStatus, type DatabaseHost, type Environment, type Migrations } from '@parley/kit'
import { Command } from 'commander'
import { withDatabase } from './database.ts'
import { print, table } from './print.ts'

interface Status {
  schema: string
  ran: string[]
  pending: string[]
  /** Of newer code. */
  newer: string[]
}

/** `parley migrate`: every schema, one after the other. */
export const migrateCommand = (env: Environment): Command =>
  new Command('migrate')
    .description('bring the schemas of all services up to date; services that start do the same for their own')
    .option('--status', 'change nothing, say what has run and what waits; exit code 1 while something waits')
    .option('--json', 'for scripts')
    .addHelpText(
      'after',
      `
Safe while the product runs: the version before works on the new schema (docs/operation/upgrade.md).
With PgBouncer give DATABASE_URL of PostgreSQL itself here: migrations hold a lock of their session.`,
    )
    .action(async ({ status = false, json }: { status?: boolean; json?: boolean }) => {
      const found = await withDatabase(env, async (host) => {
        if (!status) for (const schema of schemas()) await migrate(host, schema)
        return statusOf(host)
      })
      const rows = found.map((one) => [one.schema, `${one.ran.length} have run`, waiting(one), newer(one)])
      print(json, found, table(rows))
      if (found.some(({ pending }) => pending.length > 0)) process.exitCode = 1
    })

const schemas = (): Migrations[] => definitions.flatMap(({ database }) => (database === undefined ? [] : [database]))

async function statusOf(host: DatabaseHost): Promise<Status[]> {
  const found: Status[] = []
  for (const migrations of schemas()) found.push({ schema: migrations.schema, ...(await readStatus(host, migrations)) })
  return found
}

const waiting = ({ pending }: Status): string =>
  pending.length === 0 ? 'none waits' : `waiting: ${pending.join(', ')}`
const newer = (one: Status): string => (one.newer.length === 0 ? '' : `of a newer version: ${one.newer.join(', ')}`)
