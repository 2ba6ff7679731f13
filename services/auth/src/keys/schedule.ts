/** How long a key is published before it signs: long enough for every verifier and cache to have fetched it. */
export const publishAheadMs = 10 * 60_000
/** How long a key stays published after its last token has expired: clocks and rounds of reloading differ by less. */
export const lingerMs = 5 * 60_000

interface Span {
  activatesAt: number
  retiresAt: number | null
}

/** When the next key shall begin to sign if one must be made now, else null. Without any key: at once. */
export function nextActivation(keys: readonly Span[], now: number, rotationMs: number): number | null {
  if (keys.length === 0) return now
  const newest = Math.max(...keys.map(({ activatesAt }) => activatesAt))
  return newest + rotationMs - publishAheadMs > now ? null : now + publishAheadMs
}

/** The key that signs now: the last one whose time has come. A clock that is behind takes the first one there is. */
export function signingKey<K extends Span>(keys: readonly K[], now: number): K | undefined {
  const byTime = [...keys].sort((a, b) => a.activatesAt - b.activatesAt)
  return byTime.findLast(({ activatesAt }) => activatesAt <= now) ?? byTime[0]
}

/** The keys whose tokens may still be about, or will be. */
export const publishedKeys = <K extends Span>(keys: readonly K[], now: number): K[] =>
  keys.filter(({ retiresAt }) => retiresAt === null || retiresAt > now)
