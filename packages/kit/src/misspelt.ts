import type { TObject } from 'typebox'
import type { Environment } from './config.ts'
import type { Logger } from './logger.ts'

/** A variable that nobody reads, and the one that it is nearly spelt like. */
export interface Misspelt {
  name: string
  meant: string
}

const shortest = 6

/**
 * Variables of an environment that no schema knows and that are one or two letters off one that is known: an added, missing, other or
 * swapped letter (Damerau–Levenshtein, optimal string alignment).
 */
export function findMisspelt(env: Environment, schemas: readonly TObject[]): Misspelt[] {
  const known = new Set(
    schemas.flatMap(({ properties }) => Object.keys(properties)).flatMap((name) => [name, `${name}_FILE`]),
  )
  return Object.keys(env).flatMap((name) => {
    if (known.has(name) || name.length < shortest || !/^[A-Za-z][A-Za-z0-9_]*$/.test(name)) return []
    const meant = nearest(name.toUpperCase(), known)
    return meant === undefined ? [] : [{ name, meant }]
  })
}

/** Says them in the log. */
export function warnOfMisspelt(env: Environment, schemas: readonly TObject[], log: Pick<Logger, 'warn'>): void {
  for (const { name, meant } of findMisspelt(env, schemas))
    log.warn({ name }, `unknown variable ${name}; did you mean ${meant}?`)
}

function nearest(name: string, known: ReadonlySet<string>): string | undefined {
  const most = name.length < 10 ? 1 : 2
  let best: { meant: string; off: number } | undefined
  for (const meant of known) {
    if (Math.abs(meant.length - name.length) > most) continue
    const off = distance(name, meant)
    if (off <= most && (best === undefined || off < best.off)) best = { meant, off }
  }
  return best?.meant
}

function distance(a: string, b: string): number {
  let before: number[] = []
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i]
    for (let j = 1; j <= b.length; j += 1) {
      const same = a[i - 1] === b[j - 1]
      const edits = [(row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, (row[j - 1] ?? 0) + (same ? 0 : 1)]
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      if (swapped) edits.push((before[j - 2] ?? 0) + 1)
      next.push(Math.min(...edits))
    }
    before = row
    row = next
  }
  return row[b.length] ?? 0
}
