import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Redis, type RedisOptions } from 'ioredis'
import { findBinary } from './binaries.ts'
import type { Certificates } from './certificates.ts'
import { eventually } from './eventually.ts'
import { redisPort, startRedis, startServer, type RunningServer } from './servers.ts'

/** A master, a replica, and a Sentinel that promotes the replica about a second after the master is gone. */
export interface RedisWithSentinel {
  /** For REDIS_URL; with user and passwords. */
  url: string
  master: RunningServer
  replica: RunningServer
  sentinel: RunningServer
  /** From now on the replica gets nothing more from the master: a promotion loses what is written after. */
  cutOffReplica(): Promise<void>
  /** The replica follows again, and has everything when this resolves. */
  healReplica(): Promise<void>
  /** The Sentinel cannot reach the master any more; who is connected to it as the product is, stays so. */
  hideMaster(): Promise<void>
  /** The port of the master, as the Sentinel sees it. */
  masterPort(): Promise<number>
  /** Makes the replica the master, once it has everything: a Sentinel alone does not wait for that. */
  switchOver(): Promise<void>
  stop(): Promise<void>
}

const name = 'parley'
const password = 'of:parley'
const sentinelPassword = 'of-sentinel'
/** Two users: the product's, and the one that replicas come as, which can be shut out. */
const users = [
  ['parley', 'on', `>${password}`, 'allkeys', 'allchannels', 'allcommands'],
  ['copy', 'on', '>copy', 'allkeys', 'allchannels', 'allcommands'],
]
const replication = ['--masteruser', 'copy', '--masterauth', 'copy', '--repl-diskless-sync-delay', '0']
const patienceMs = 10_000

/** With `tls` nobody gets in without it: neither clients nor the servers among themselves. */
export async function startRedisSentinel({ tls }: { tls?: Certificates } = {}): Promise<RedisWithSentinel> {
  const secured = tls && { tls }
  const trust = tls && { tls: { ca: readFileSync(tls.ca, 'utf8') } }
  const master = await startRedis({ args: replication, ...secured })
  const admin = await adminOf(master, trust)
  const replica = await startRedis({ args: [...replication, '--replicaof', '127.0.0.1', `${master.port}`], ...secured })
  const copy = await adminOf(replica, trust)
  await follows(admin, copy)
  const sentinel = await startSentinel(master.port, tls)
  const watcher = new Redis({ host: '127.0.0.1', port: sentinel.port, password: sentinelPassword, ...trust })
  watcher.on('error', () => {})
  await eventually(async () => {
    const known = await watcher.call('SENTINEL', 'REPLICAS', name)
    if (!JSON.stringify(known).includes(`${replica.port}`)) throw new Error('the Sentinel does not know the replica')
  }, patienceMs)
  return {
    url: `${tls ? 'rediss' : 'redis'}-sentinel://parley:${encodeURIComponent(password)}@127.0.0.1:${sentinel.port}/${name}?sentinelPassword=${sentinelPassword}`,
    master,
    replica,
    sentinel,
    async cutOffReplica() {
      await admin.call('ACL', 'SETUSER', 'copy', 'off')
      await admin.call('CLIENT', 'KILL', 'TYPE', 'replica')
      await eventually(async () => {
        if (!/master_link_status:down/.test(await copy.info('replication')))
          throw new Error('the replica follows still')
      }, patienceMs)
    },
    async healReplica() {
      await admin.call('ACL', 'SETUSER', 'copy', 'on')
      await follows(admin, copy)
    },
    async hideMaster() {
      await admin.call('ACL', 'SETUSER', 'default', 'off')
      await admin.call('CLIENT', 'KILL', 'USER', 'default', 'SKIPME', 'yes')
    },
    async masterPort() {
      const address = (await watcher.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', name)) as string[]
      return Number(address[1])
    },
    async switchOver() {
      await follows(admin, copy)
      // Until the Sentinel has looked at the replica once, it has none to promote.
      await eventually(() => watcher.call('SENTINEL', 'FAILOVER', name), patienceMs)
    },
    async stop() {
      for (const client of [admin, copy, watcher]) client.disconnect()
      await sentinel.stop()
      await Promise.all([master.stop(), replica.stop()])
    },
  }
}

/** An unnamed user that may do everything, as every Redis has by default. */
async function adminOf({ port }: RunningServer, trust: RedisOptions | undefined): Promise<Redis> {
  const client = new Redis({ host: '127.0.0.1', port, ...trust })
  client.on('error', () => {})
  for (const user of users) await client.call('ACL', 'SETUSER', ...user)
  return client
}

/** Resolves when the replica has all that the master had. */
async function follows(master: Redis, replica: Redis): Promise<void> {
  const [, written] = /master_repl_offset:(\d+)/.exec(await master.info('replication')) ?? []
  await eventually(async () => {
    const state = await replica.info('replication')
    const [, copied] = /slave_repl_offset:(\d+)/.exec(state) ?? []
    if (!/master_link_status:up/.test(state) || Number(copied) < Number(written))
      throw new Error('the replica does not follow')
  }, patienceMs)
}

const startSentinel = (masterPort: number, tls: Certificates | undefined): Promise<RunningServer> =>
  startServer('sentinel', {}, async (port, dir) => {
    const file = join(dir, 'sentinel.conf')
    const lines = [
      ...redisPort(port, tls).map((setting) => setting.join(' ')),
      'bind 127.0.0.1',
      `dir ${dir}`,
      `requirepass ${sentinelPassword}`,
      `sentinel monitor ${name} 127.0.0.1 ${masterPort} 1`,
      `sentinel down-after-milliseconds ${name} 1000`,
      `sentinel failover-timeout ${name} 10000`,
    ]
    await writeFile(file, `${lines.join('\n')}\n`)
    return {
      command: findBinary('redis-sentinel', 'redis-sentinel'),
      args: [file],
      ready: /\+monitor master/,
      stopSignal: 'SIGTERM',
    }
  })
