import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { Evidence, Scene } from './fault.ts'
import { share, single, type Figure } from './figures.ts'
import { inOwnNetwork, wayToOwnNetwork, type Way } from './own-network.ts'

/** The end of a rule that drops each packet with this probability. */
const losing = (probability: number): string[] =>
  `-m statistic --mode random --probability ${probability} -j DROP`.split(' ')

/** How to get where packets can be lost without hitting anybody else. */
export const wayToLoss = (): Promise<Way> =>
  wayToOwnNetwork(['iptables', '-A', 'INPUT', '-p', 'tcp', '--dport', '1', ...losing(0.5)])

/** Packets that came by the rules, and those of them that were dropped. */
export interface Counts {
  seen: number
  lost: number
}

const chain = 'LOSS'
const run = promisify(execFile)
const iptables = async (...args: string[]): Promise<string> => (await run('iptables', ['-w', '5', ...args])).stdout

/**
 * Lets packets to and from these ports get lost, each with `probability`, until it is ended. Only in a network of our
 * own: elsewhere it would hit others too.
 */
async function losePackets(ports: readonly number[], probability: number): Promise<{ end(): Promise<Counts> }> {
  await iptables('-N', chain)
  await iptables('-A', chain, ...losing(probability))
  for (const port of ports)
    for (const side of ['--dport', '--sport'])
      await iptables('-A', 'INPUT', '-p', 'tcp', side, String(port), '-j', chain)
  return {
    async end() {
      const counts = countsIn(await iptables('-nvxL'))
      await iptables('-F', 'INPUT')
      await iptables('-F', chain)
      await iptables('-X', chain)
      return counts
    },
  }
}

/** The counters of the rules, from the listing of `iptables -nvxL`. */
export function countsIn(listing: string): Counts {
  const packetsOf = (target: string): number =>
    listing
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .filter((words) => words[2] === target)
      .reduce((sum, [packets]) => sum + Number(packets), 0)
  return { seen: packetsOf(chain), lost: packetsOf('DROP') }
}

/** Loses packets on the ways of all clients while `work` goes on; where that is impossible, works without and says so. */
export async function withLoss({ doors, note, remark }: Scene, probability: number, work: () => Promise<void>) {
  if (!inOwnNetwork()) {
    const way = await wayToLoss()
    const why = 'missing' in way ? way.missing : 'it was not started with npm run faults'
    remark(`no packets were lost on purpose, only delayed and cut to pieces: ${why}`)
    return await work()
  }
  const ports = doors.map(({ port }) => port)
  const loss = await losePackets(ports, probability)
  try {
    await work()
  } finally {
    const { seen, lost } = await loss.end()
    note('packets', seen)
    note('packets lost', lost)
  }
}

/** How many packets were lost on purpose; at least `least` percent, if this machine permits it at all. */
export function lossFigure({ noted }: Evidence, least: number): Figure {
  const [seen] = noted('packets')
  const [lost = 0] = noted('packets lost')
  if (seen === undefined) return single('packets lost on purpose: NOT DONE, see the note', 0, {})
  return share('packets lost on purpose', lost, seen, least)
}
