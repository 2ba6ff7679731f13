import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import pg, { type Client } from 'pg'
import { aMeeting, aPerson, rest, type Person } from '../product/people.ts'
import { first, withStack, type Stack } from '../product/stack.ts'
import { atMost, head, millis, quantile, row, say } from '../report.ts'
import type { CommonOptions } from './options.ts'

export interface ListingOptions extends CommonOptions {
  requests: number
}

const few = 10
const many = 100_000

/** Measures a list of meetings, with few and with many in the table, and shows the plans of its query. */
export async function listing(options: ListingOptions): Promise<void> {
  const { requests } = options
  head('M3', `GET /v1/meetings through the gateway, ${requests} requests one after the other`)
  // One account asks for all of them.
  const env = { RATE_LIMIT_PER_PRINCIPAL: '1000000' }
  await withStack({ file: options.stack, env }, async (stack) => {
    const { url } = first(stack.gateways)
    const [me, other] = [await aPerson(url), await aPerson(url)]
    for (let made = 0; made < few; made++) await aMeeting(url, made % 2 === 0 ? me : other, 2)
    const admin = new pg.Client({ connectionString: stack.postgres.url })
    await admin.connect()
    // The server may go before this connection does.
    admin.on('error', (error) => say(`    PostgreSQL: ${error.message}`))
    await admin.query('analyze')
    await timed(url, me, requests)
    const before = await timed(url, me, requests)
    row(`${few} meetings`, told(before))
    await plan(admin, stack, url, me)
    await fill(admin)
    await timed(url, me, requests)
    const after = await timed(url, me, requests)
    row(`${many} meetings`, told(after))
    await plan(admin, stack, url, me)
    await admin.end()
    // The fastest tenth is what other work on this machine disturbs least.
    atMost('p10, × of that with few', quantile(after, 0.1) / quantile(before, 0.1), 1.5)
  })
}

const told = (delays: readonly number[]): string =>
  `p10 ${millis(quantile(delays, 0.1))}, p50 ${millis(quantile(delays, 0.5))}, p99 ${millis(quantile(delays, 0.99))}`

const list = (url: string, { accessToken, address }: Person): Promise<unknown> =>
  rest(`${url}/v1/meetings`, { method: 'GET', token: accessToken, address })

async function timed(url: string, person: Person, requests: number): Promise<number[]> {
  const delays: number[] = []
  for (let n = 0; n < requests; n++) {
    const asked = performance.now()
    await list(url, person)
    delays.push(performance.now() - asked)
  }
  return delays
}

/** Copies of a meeting that is there, of hosts of their own, each a second older than the one before. */
async function fill(admin: Client): Promise<void> {
  const { rows } = await admin.query(
    `select column_name as name from information_schema.columns
      where table_schema = 'meetings' and table_name = 'meetings' and is_generated = 'NEVER' order by ordinal_position`,
  )
  const made: Record<string, string> = {
    id: 'gen_random_uuid()',
    code: 'gen_random_uuid()::text',
    host_id: 'gen_random_uuid()',
    created_at: `m.created_at - n * interval '1 second'`,
  }
  const names = rows.map(({ name }) => String(name))
  const values = names.map((name) => made[name] ?? `m."${name}"`)
  await admin.query(
    `insert into meetings.meetings (${names.map((name) => `"${name}"`).join(', ')})
      select ${values.join(', ')} from (select * from meetings.meetings limit 1) m, generate_series(1, $1) n`,
    [many - few],
  )
  await admin.query('vacuum analyze')
}

/** Has PostgreSQL write down the plan of the next list (auto_explain), and prints it. */
async function plan(admin: Client, { postgres }: Stack, url: string, person: Person): Promise<void> {
  // The settings are known only where it is loaded.
  await admin.query(`load 'auto_explain'`)
  await admin.query(`alter system set session_preload_libraries = 'auto_explain'`)
  await admin.query(`alter system set "auto_explain.log_min_duration" = 0`)
  await admin.query(`alter system set "auto_explain.log_analyze" = on`)
  await admin.query('select pg_reload_conf()')
  await renewConnections(admin)
  const log = join(postgres.dir, 'server.log')
  const from = (await readFile(log, 'utf8')).length
  await list(url, person)
  const written = (await readFile(log, 'utf8')).slice(from)
  await admin.query('alter system reset all')
  await admin.query('select pg_reload_conf()')
  await renewConnections(admin)
  await list(url, person)
  say(planOf(written))
}

/** Only new connections load a library. The services' pools open them again. */
const renewConnections = (admin: Client): Promise<unknown> =>
  admin.query(
    `select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and backend_type = 'client backend'`,
  )

/** The plan of the statement that reads meetings, without the statement. */
function planOf(log: string): string {
  const entry = log
    .split(/(?=^\d{4}-\d\d-\d\d .*LOG:)/m)
    .findLast((text) => /"meetings"/.test(text) && /plan:/.test(text))
  const lines =
    entry?.split('\n').filter((line) => line.includes('->') || /^\s+(Limit|Sort|Nested|Hash)/.test(line)) ?? []
  return lines.map((line) => `      ${line.trim().padStart(line.length)}`).join('\n')
}
