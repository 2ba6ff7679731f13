/** The object id of int8 in `pg_type`. */
export const int8 = 20

/** Reads an int8. @throws RangeError beyond 2^53, rather than be off by a little */
export function safeInteger(text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value)) throw new RangeError(`${text} does not fit a number`)
  return value
}
