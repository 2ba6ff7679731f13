import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { natsUsers } from '@parley/kit'
import { runProgram } from '../../support/product.ts'
import type { Fault, Scene } from '../fault.ts'
import { figuresOfRestart, replace } from '../faults/t05-rolling-restart.ts'
import type { Cluster } from '../stack/cluster.ts'
import { root, type ServiceName } from '../stack/replicas.ts'

/** Gateways last: with them comes the page, which may ask for more than nodes of the version before know. */
const order: readonly ServiceName[] = ['auth', 'meetings', 'chat', 'media', 'signaling', 'gateway']
/** How long everybody talks on the version after the upgrade, and again after the way back. */
const talkMs = 10_000

/**
 * An upgrade as docs/operation/upgrade.md tells it, from the checkout `before` to ours: users of NATS, migrations, then replica by replica.
 * Then the way back, on the schema that it leaves.
 */
export const rollingUpgrade = (before: string): Fault => ({
  id: 'upgrade',
  title: 'rolling upgrade and rollback',
  promise: 'An upgrade with its migrations is not noticed, and the way back neither: as in T5.',
  stack: { from: before, env: { DRAIN_MS: '25000' } },
  commands: 1,
  async inject(scene) {
    await grantAsNow(scene.cluster)
    scene.remark(await migrate(scene.cluster))
    await replaceAll(scene, order, root)
    await scene.wait(talkMs)
  },
  async heal(scene) {
    await replaceAll(scene, order.toReversed(), before)
    await scene.wait(talkMs)
  },
  figures: figuresOfRestart,
})

async function replaceAll(scene: Scene, services: readonly ServiceName[], from: string): Promise<void> {
  for (const service of services)
    for (const replica of scene.cluster.replicas(service)) await replace(scene, replica, from)
}

/** The users of NATS get what this version needs, with the passwords that they have. */
async function grantAsNow(cluster: Cluster): Promise<void> {
  const { url, dir, pid } = cluster.server('nats')
  const passwordOf = (user: string): string => {
    const [replica] = cluster.replicas(user as ServiceName)
    return `"${replica?.env['NATS_PASSWORD'] ?? new URL(url).password}"`
  }
  const users = natsUsers({ namespace: 'parley', passwordOf, all: [new URL(url).username] })
  await writeFile(join(dir, 'nats.conf'), users)
  process.kill(pid, 'SIGHUP')
}

/** By the command of this version; resolves to what it says. */
async function migrate(cluster: Cluster): Promise<string> {
  const env = { DATABASE_URL: cluster.server('postgres').url }
  const printed = await runProgram('deploy/cli/src/main.ts', ['migrate'], env)
  return `parley migrate: ${printed
    .trim()
    .replaceAll(/\s*\n\s*/g, '; ')
    .slice(0, 500)}`
}
