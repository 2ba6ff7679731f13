import type { Scene } from './fault.ts'
import type { Cluster } from './stack/cluster.ts'
import type { NodeChoice } from './workload/crowd.ts'

/** The URL of the node of signaling with this number, from 0; asked anew each time, as nodes are replaced. */
export const nodeUrl = (cluster: Cluster, number: number): string | undefined => {
  const nodes = cluster.replicas('signaling')
  return nodes[number % Math.max(1, nodes.length)]?.url
}

/** All people of a room on one node, the rooms in turn on each. */
export const roomOnOneNode =
  (cluster: Cluster): NodeChoice =>
  (room) =>
    nodeUrl(cluster, room)

/** The people of a room in turn on each node. */
export const roundRobin =
  (cluster: Cluster): NodeChoice =>
  (_, client) =>
    nodeUrl(cluster, client)

/** The node that the people of a room on one node are not on. */
export const otherNode =
  ({ cluster }: Pick<Scene, 'cluster'>, room: number) =>
  (): string | undefined =>
    nodeUrl(cluster, room + 1)
