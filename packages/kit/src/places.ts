export interface Places {
  /** Takes a place for an address; null when all are taken (`full`) or the address has its share (`share`). */
  take(address: string): { giveBack(): void } | 'full' | 'share'
  count(): number
}

/** As many places an address may have whatever is free: a household is not turned away by a crowd elsewhere. */
const always = 4

/**
 * Places that addresses share. An address may take one more as long as it has fewer than are free: alone it gets half of all, beside another one that does the same a third. There is always something left for a newcomer. Source: A. K. Choudhury, E. L.
 * Hahne, "Dynamic queue length thresholds for shared-memory packet switches", IEEE/ACM ToN 6(2), 1998, with α = 1.
 * `shared: false` leaves only the bound.
 */
export function createPlaces({ total, shared = true }: { total: number; shared?: boolean }): Places {
  const countOf = new Map<string, number>()
  let open = 0
  return {
    take(address) {
      if (open >= total) return 'full'
      const own = countOf.get(address) ?? 0
      if (shared && own >= Math.max(always, total - open)) return 'share'
      open += 1
      countOf.set(address, own + 1)
      let given = false
      return {
        giveBack() {
          if (given) return
          given = true
          open -= 1
          const left = (countOf.get(address) ?? 1) - 1
          if (left === 0) countOf.delete(address)
          else countOf.set(address, left)
        },
      }
    },
    count: () => open,
  }
}
