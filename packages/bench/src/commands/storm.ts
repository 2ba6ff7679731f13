import { setTimeout as sleep } from 'node:timers/promises'
import { Crowd } from '../crowd/crowd.ts'
import { roomsOf } from '../product/people.ts'
import { first, withStack } from '../product/stack.ts'
import { cpuMicros } from '../proc.ts'
import { profiled } from '../profile.ts'
import { atMost, head, millis, quantile, row } from '../report.ts'
import type { CommonOptions } from './options.ts'

export interface StormOptions extends CommonOptions {
  clients: number
  people: number
}

const workers = 2
const settleMs = 2_000

/** P10: all clients are cut at once and resume without waiting, through one gateway. */
export async function storm(options: StormOptions): Promise<void> {
  const { clients, people } = options
  head('P10', `${clients} clients in rooms of ${people}, cut at once, resume at once`)
  await withStack({ file: options.stack }, async ({ gateways, signaling }) => {
    const [gateway, node] = [first(gateways), first(signaling)]
    const rooms = await roomsOf(gateway.url, Math.ceil(clients / people), people)
    const crowd = new Crowd(workers)
    const entered = await crowd.do((worker) => ({
      kind: 'join',
      url: gateway.url,
      guests: rooms.filter((_room, index) => index % workers === worker).flat(),
    }))
    await sleep(settleMs)
    const before = cpuMicros([node.pid])
    const begun = performance.now()
    const resumed = await profiled(options.profiling, [node.pid], () => crowd.do(() => ({ kind: 'resume' })))
    const seconds = (performance.now() - begun) / 1_000
    const cpu = (cpuMicros([node.pid]) - before) / 1_000 / resumed.count
    const delays = `p50 ${millis(quantile(resumed.delays, 0.5))}, p99 ${millis(quantile(resumed.delays, 0.99))}`
    row(
      'resumed',
      `${resumed.count} of ${entered.count} in ${seconds.toFixed(2)} s, ${delays}, ${millis(cpu)} CPU of signaling each`,
    )
    const all = resumed.failed === 0 && resumed.count === entered.count && entered.failed === 0
    atMost('seconds until all have resumed', all ? seconds : Number.POSITIVE_INFINITY, 15)
    crowd.stop()
  })
}
