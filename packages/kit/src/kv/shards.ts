/** Documents spread over this many hash tags, each with its own fact stream. Changing it loses every live room. */
export const shardCount = 16

/** The shard of a document: FNV-1a of its id. */
export function shardOf(id: string): number {
  let hash = 0x811c9dc5
  for (const byte of Buffer.from(id)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0
  return hash % shardCount
}
