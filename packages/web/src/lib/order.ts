/** The order of a person among the tiles. */
export interface Standing {
  id: string
  /** Place in the queue of raised hands; null without one. */
  hand: number | null
  /** When they last spoke, in milliseconds; 0 for never. */
  spokeAt: number
}

/**
 * The order of tiles: raised hands first, then as before, newcomers last. A speaker on a later page takes a place on the first page, from
 * the one who was silent longest; so those in sight stay where they are.
 */
export function orderTiles(before: readonly string[], people: readonly Standing[], firstPage: number): string[] {
  const byId = new Map(people.map((person) => [person.id, person]))
  const known = before.filter((id) => byId.has(id))
  const seen = new Set(known)
  const all = [...known, ...people.filter(({ id }) => !seen.has(id)).map(({ id }) => id)]
  const hands = people.filter(isRaised).toSorted((a, b) => a.hand - b.hand)
  const raised = new Set(hands.map(({ id }) => id))
  const others = all.filter((id) => !raised.has(id))
  const places = Math.max(0, firstPage - hands.length)
  return [...hands.map(({ id }) => id), ...withSpeakers(others, byId, places)]
}

function withSpeakers(order: readonly string[], byId: ReadonlyMap<string, Standing>, places: number): string[] {
  const next = [...order]
  const spokeAt = (id: string) => byId.get(id)?.spokeAt ?? 0
  const late = order.slice(places).filter((id) => spokeAt(id) > 0)
  for (const speaker of late.toSorted((a, b) => spokeAt(b) - spokeAt(a))) {
    const [quietest] = next.slice(0, places).toSorted((a, b) => spokeAt(a) - spokeAt(b))
    if (quietest === undefined || spokeAt(quietest) >= spokeAt(speaker)) break
    const to = next.indexOf(quietest)
    next[next.indexOf(speaker)] = quietest
    next[to] = speaker
  }
  return next
}

const isRaised = (person: Standing): person is Standing & { hand: number } => person.hand !== null

/** The pages of a list, at least one. */
export function pagesOf<T>(items: readonly T[], size: number): T[][] {
  const pages: T[][] = []
  for (let from = 0; from < items.length; from += size) pages.push(items.slice(from, from + size))
  return pages.length === 0 ? [[]] : pages
}
