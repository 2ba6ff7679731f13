import { readdirSync, readlinkSync } from 'node:fs'
import { sql } from '../../support/sql.ts'
import type { Cluster } from './cluster.ts'

/** The resources in use, by process: descriptors of the replicas of a service, connections to a server. */
export type Resources = ReadonlyMap<string, number>

/** Counts what all replicas and servers hold open at this moment. */
export async function resourcesOf(cluster: Cluster): Promise<Resources> {
  const found = new Map<string, number>()
  for (const [service, replicas] of Map.groupBy(cluster.replicas(), (one) => one.service)) {
    const counts = replicas.map(({ pid }) => linksOf(pid).length)
    found.set(
      `descriptors of ${service}`,
      counts.reduce((sum, one) => sum + one, 0),
    )
  }
  for (const server of ['nats', 'redis'] as const) {
    const sockets = linksOf(cluster.server(server).pid).filter((target) => target.startsWith('socket:'))
    found.set(`connections to ${server}`, sockets.length)
  }
  const [row] = await sql<{ n: number }>(
    cluster.server('postgres').url,
    `select count(*)::int as n from pg_stat_activity where application_name = 'parley'`,
  )
  return found.set('connections to postgres', row?.n ?? Number.NaN)
}

/** The kind of each descriptor of a process; one that is closed meanwhile is left out. */
export function linksOf(pid: number): string[] {
  const folder = `/proc/${pid}/fd`
  return readdirSync(folder).flatMap((name) => {
    try {
      return [readlinkSync(`${folder}/${name}`)]
    } catch {
      return []
    }
  })
}
