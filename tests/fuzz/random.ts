/** A repeatable random number generator (mulberry32), with what is asked of one. */
export interface Random {
  /** From 0 to 1, without 1. */
  next(): number
  chance(probability: number): boolean
  /** A whole number from 0 to `below` - 1. */
  below(below: number): number
  pick<T>(from: readonly [T, ...T[]]): T
  pickOr<T>(from: readonly T[], otherwise: T): T
}

export function randomOf(seed: number): Random {
  let state = seed | 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
  const below = (limit: number): number => Math.floor(next() * limit)
  return {
    next,
    below,
    chance: (probability) => next() < probability,
    pick: (from) => from[below(from.length)] ?? from[0],
    pickOr: (from, otherwise) => from[below(from.length)] ?? otherwise,
  }
}
