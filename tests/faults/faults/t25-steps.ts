import type { Scene } from '../fault.ts'
import { pick, type Random } from '../random.ts'
import type { ServerName } from '../stack/cluster.ts'

/** One of the faults of the other tests in short, with what undoes it. */
export interface Step {
  name: string
  act(scene: Scene): Promise<void>
}

const frozenMs = 12_000
const awayMs = 8_000
const emptyMs = 1_000

/** Replicas die, stand still and are replaced, connections are reset, servers are away. */
export const steps: readonly Step[] = [
  { name: 'signaling killed', act: killSignaling },
  { name: 'signaling frozen', act: freezeSignaling },
  { name: 'replica restarted', act: restartOne },
  { name: 'connections reset', act: async ({ doors }) => doors.forEach((door) => door.cut()) },
  { name: 'NATS killed', act: (scene) => endForAWhile(scene, 'nats', awayMs) },
  { name: 'Redis killed empty', act: (scene) => endForAWhile(scene, 'redis', emptyMs) },
  { name: 'PostgreSQL stopped hard', act: (scene) => endForAWhile(scene, 'postgres', awayMs) },
]

/** Steps at random, each of them before one comes again. */
export function* endlessly(random: Random, all = steps): Generator<Step, never> {
  for (;;) {
    const left = [...all]
    while (left.length > 0) yield* left.splice(Math.floor(random() * left.length), 1)
  }
}

async function killSignaling({ cluster, random }: Scene): Promise<void> {
  const node = pickOrThrow(random, cluster.replicas('signaling'))
  await cluster.end(node, 'SIGKILL')
  await cluster.startLike(node)
}

async function freezeSignaling({ cluster, random, wait }: Scene): Promise<void> {
  const { pid } = pickOrThrow(random, cluster.replicas('signaling'))
  await cluster.freeze(pid)
  await wait(frozenMs)
  cluster.thaw(pid)
}

/** As in a deploy: the new one first. */
async function restartOne({ cluster, random, note }: Scene): Promise<void> {
  const replica = pickOrThrow(random, cluster.replicas())
  await cluster.startLike(replica)
  note('exit', (await cluster.end(replica, 'SIGTERM')) ?? -1)
}

async function endForAWhile({ cluster, wait }: Scene, name: ServerName, ms: number): Promise<void> {
  await cluster.endServer(name)
  await wait(ms)
  await cluster.restartServer(name)
}

function pickOrThrow<T>(random: Random, some: readonly T[]): T {
  const one = pick(random, some)
  if (one === undefined) throw new Error('there is no such replica')
  return one
}
