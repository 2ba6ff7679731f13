import type { Verdict } from './check.ts'
import type { Contents, History } from './history.ts'

/**
 * H9: whoever is at the same version of a room has the same contents. Clients do not see epochs, so what is compared was taken when
 * all had come to rest: the participants' own view, and what the node of each gives out.
 */
export function checkContents({ contents }: History): Verdict {
  const breaches: string[] = []
  for (const [place, same] of Map.groupBy(contents, ({ room, v }) => `room ${room} at version ${v}`)) {
    const [first, ...others] = [...Map.groupBy(same, ({ text }) => text).values()]
    for (const other of others) breaches.push(`${place}: ${difference(first, other)}`)
  }
  return {
    id: 'H9',
    promise: 'no two have the same version with different contents',
    looked: contents.length,
    breaches,
  }
}

function difference([one]: readonly Contents[] = [], [other]: readonly Contents[] = []): string {
  const [a = '', b = ''] = [one?.text, other?.text]
  const length = Math.max(a.length, b.length)
  const from = Array.from({ length }, (_, index) => index).find((index) => a[index] !== b[index]) ?? length
  const part = (text: string): string => text.slice(Math.max(0, from - 60), from + 60)
  return `${one?.holder} has "${part(a)}", ${other?.holder} has "${part(b)}"`
}
