import { hintFor } from '../support/nodes.ts'
import type { Hint } from './fault.ts'
import type { Cluster } from './stack/cluster.ts'

/** By the URL of each signaling node that is there now: a hint that leads to it. Found by opening sockets, one node after the other. */
export async function hintsOf(cluster: Cluster): Promise<ReadonlyMap<string, string>> {
  const gateway = cluster.replicas('gateway')[0]?.url ?? ''
  const hints = new Map<string, string>()
  for (const { url } of cluster.replicas('signaling')) hints.set(url, await hintFor(url, gateway))
  return hints
}

/** Clients with an even number go to the first node of signaling, the others to the second. */
export async function oneNodeEach(cluster: Cluster): Promise<Hint> {
  const hints = [...(await hintsOf(cluster)).values()]
  return (_room, client) => hints[client % hints.length]
}
