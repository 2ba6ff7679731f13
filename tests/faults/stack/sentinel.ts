import { eventually } from '@parley/kit/testing'
import type { StackFile } from '../../support/product.ts'
import { redisCommand } from './redis-commands.ts'

type Part = NonNullable<StackFile['sentinel']>['master']

/** Redis as a master, a replica and a Sentinel. */
export interface Sentinel {
  /** The servers that began as the master and as the replica. */
  readonly master: Part
  readonly replica: Part
  /** From now on the replica gets nothing more: a promotion loses what is written after. */
  cutOffReplica(): Promise<void>
  /** How many bytes of changes the replica has not got. */
  missing(): Promise<number>
  /** Resolves when the Sentinel has made this one the master. */
  untilPromoted(part: Part, patienceMs: number): Promise<void>
  /** Resolves when this one follows the other, and the Sentinel knows. */
  untilCopy(part: Part, patienceMs: number): Promise<void>
  /** The copy becomes the master in good order. */
  switchOver(): Promise<void>
}

/** As `startRedisSentinel` sets it up: replicas come as a user of their own, which can be shut out. */
const copyUser = 'copy'

export function sentinelOf(file: StackFile): Sentinel {
  if (file.sentinel === undefined) throw new Error('this stack has no Sentinel')
  const { master, replica, sentinel } = file.sentinel
  const { name, url: sentinelUrl } = watcherOf(file.redis.url, sentinel.url)
  const info = async (part: Part, field: string): Promise<string> =>
    new RegExp(`^${field}:(.*?)\\r?$`, 'm').exec(await redisCommand(part.url, 'INFO', 'replication'))?.[1] ?? ''
  return {
    master,
    replica,
    async cutOffReplica() {
      await redisCommand(master.url, 'ACL', 'SETUSER', copyUser, 'off')
      await redisCommand(master.url, 'CLIENT', 'KILL', 'TYPE', 'replica')
      await eventually(async () => {
        if ((await info(replica, 'master_link_status')) !== 'down') throw new Error('the replica follows still')
      }, 10_000)
    },
    missing: async () =>
      Number(await info(master, 'master_repl_offset')) - Number(await info(replica, 'slave_repl_offset')),
    async untilPromoted(part, patienceMs) {
      const port = new URL(part.url).port
      await eventually(async () => {
        const answer = await redisCommand(sentinelUrl, 'SENTINEL', 'GET-MASTER-ADDR-BY-NAME', name)
        if (answer.split('\n')[1] !== port) throw new Error('there is another master')
      }, patienceMs)
    },
    async untilCopy(part, patienceMs) {
      await redisCommand(part.url, 'ACL', 'SETUSER', copyUser, 'on')
      await eventually(async () => {
        if ((await info(part, 'master_link_status')) !== 'up') throw new Error('it is no copy yet')
      }, patienceMs)
    },
    async switchOver() {
      // Until the Sentinel has looked at the copy, it has none to promote.
      await eventually(() => redisCommand(sentinelUrl, 'SENTINEL', 'FAILOVER', name), 20_000)
    },
  }
}

/** The name of the master, and the Sentinel with its password: both are in the REDIS_URL of the product. */
function watcherOf(redisUrl: string, sentinelUrl: string): { name: string; url: string } {
  const { pathname, searchParams } = new URL(redisUrl)
  const url = new URL(sentinelUrl)
  url.password = searchParams.get('sentinelPassword') ?? ''
  return { name: pathname.slice(1), url: url.href }
}
