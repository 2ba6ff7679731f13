/**
 * Whether a JSON value has more than `depth` levels of objects and lists, or more than `values` values in all.
 * `JSON.stringify` runs out of stack on a value with thousands of levels. Listing the faults of thousands of fields takes long.
 */
export function isTooComplex(value: unknown, limits: { depth: number; values: number }): boolean {
  let left = limits.values
  const exceeds = (part: unknown, depth: number): boolean => {
    left -= 1
    if (left < 0) return true
    if (typeof part !== 'object' || part === null) return false
    return depth === 0 || Object.values(part).some((inner) => exceeds(inner, depth - 1))
  }
  return exceeds(value, limits.depth)
}
