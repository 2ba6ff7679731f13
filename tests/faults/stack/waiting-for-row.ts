import { readFileSync } from 'node:fs'
import { eventually } from '@parley/kit/testing'
import { sql } from '../../support/sql.ts'
import type { Cluster } from './cluster.ts'
import type { Replica, ServiceName } from './replicas.ts'
import { linksOf } from './resources.ts'

const patienceMs = 15_000

/** The replica of a service whose query on `table` waits for a row that somebody has locked; rejects when none does in 15 s. */
export const waitingForRow = (cluster: Cluster, service: ServiceName, table: string): Promise<Replica> =>
  eventually(async () => {
    const rows = await sql<{ port: number }>(
      cluster.server('postgres').url,
      // The text of a long query is cut off there: its locks say what it is on.
      `select client_port as port from pg_stat_activity a where wait_event_type = 'Lock'
         and exists (select 1 from pg_locks l where l.pid = a.pid and l.relation = '${table}'::regclass)
       order by query_start`,
    )
    const [first] = rows
    const found = cluster.replicas(service).find(({ pid }) => first !== undefined && hasPort(pid, first.port))
    if (found === undefined) throw new Error(`no replica of ${service} waits`)
    return found
  }, patienceMs)

/** Whether a process has a TCP connection whose own port this is: by the inode that the kernel lists for it, proc(5). */
function hasPort(pid: number, port: number): boolean {
  const local = new RegExp(`:${port.toString(16).toUpperCase().padStart(4, '0')}$`)
  const inodes = ['tcp', 'tcp6'].flatMap((kind) =>
    readFileSync(`/proc/${pid}/net/${kind}`, 'utf8')
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .filter(([, address = '']) => local.test(address))
      .map((fields) => `socket:[${fields[9]}]`),
  )
  return linksOf(pid).some((target) => inodes.includes(target))
}
