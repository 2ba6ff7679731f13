import { hintFor } from '../support/nodes.ts'
import type { Hint } from './fault.ts'
import type { Cluster } from './stack/cluster.ts'

/** Clients with an even number go to the first node of signaling, the others to the second. */
export async function oneNodeEach(cluster: Cluster): Promise<Hint> {
  const gateway = cluster.replicas('gateway')[0]?.url ?? ''
  const hints: string[] = []
  for (const { url } of cluster.replicas('signaling')) hints.push(await hintFor(url, gateway))
  return (_room, client) => hints[client % hints.length]
}
