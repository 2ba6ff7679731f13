import { createHash, randomInt } from 'node:crypto'

/**
 * The nodes in the order in which to try them for `key`: highest random weight first (Thaler & Ravishankar, 1998). So every gateway finds
 * the same one, and a lost node moves only its own keys. Without a key the order is random.
 */
export function rank<Node extends { readonly id: string }>(key: string | null, nodes: readonly Node[]): Node[] {
  const weight = key === null ? () => randomInt(2 ** 47) : (node: Node) => weightOf(key, node.id)
  return nodes
    .map((node) => ({ node, weight: weight(node) }))
    .sort((a, b) => b.weight - a.weight || (a.node.id < b.node.id ? -1 : 1))
    .map(({ node }) => node)
}

/** 48 bits of SHA-256: evenly spread whatever the ids look like. */
const weightOf = (key: string, id: string): number =>
  createHash('sha256').update(`${key}\n${id}`).digest().readUIntBE(0, 6)
