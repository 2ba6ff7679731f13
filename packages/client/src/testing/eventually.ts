/** Resolves with what `look` answers as soon as that is truthy; rejects after `ms`. */
export async function eventually<T>(look: () => T | Promise<T> | null | undefined | false | 0, ms = 5_000): Promise<T> {
  const until = Date.now() + ms
  for (;;) {
    const value = await look()
    if (value) return value
    if (Date.now() > until) throw new Error(`Not within ${ms} ms: ${String(look)}`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
