import type { Participant } from '@parley/contracts'

const graphemes = new Intl.Segmenter()

/** One or two letters for an avatar: the first of the first and of the last word; `?` for an empty name. */
export function initials(name: string): string {
  const words = name
    .trim()
    .split(/\s+/u)
    .filter((word) => word !== '')
  const ends = words.length > 1 ? [words[0], words.at(-1)] : words
  const letters = ends.map((word) => firstGrapheme(word ?? '')).join('')
  return letters === '' ? '?' : letters.toLocaleUpperCase()
}

/** The name in a greeting: the first word of the name. */
export const firstName = (name: string): string => name.trim().split(/\s+/u)[0] ?? name

function firstGrapheme(word: string): string {
  const letter = /[\p{L}\p{N}]/u.exec(word)
  const from = letter === null ? word : word.slice(letter.index)
  for (const { segment } of graphemes.segment(from)) return segment
  return ''
}

/** Number of avatar colours in `styles/avatar.css`. */
export const avatarColours = 8

/** The same colour for the same person everywhere: FNV-1a of the id. */
export function colourOf(id: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < id.length; i += 1) hash = Math.imul(hash ^ id.charCodeAt(i), 0x01000193)
  return (hash >>> 0) % avatarColours
}

/** Place in the queue of raised hands by participant id, 1 is first. */
export function handPositions(people: readonly Participant[]): ReadonlyMap<string, number> {
  const raised = people.filter((person) => person.hand !== null).toSorted((a, b) => (a.hand ?? 0) - (b.hand ?? 0))
  return new Map(raised.map((person, index) => [person.id, index + 1]))
}

/** The arrivals and departures between two states of a room. */
export function comings(before: readonly Participant[], after: readonly Participant[]) {
  const was = new Set(before.map((person) => person.id))
  const is = new Set(after.map((person) => person.id))
  return {
    joined: after.filter((person) => !was.has(person.id)),
    left: before.filter((person) => !is.has(person.id)),
  }
}

/** Letters that are written from right to left. */
const rightToLeft = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u

/**
 * A person's name, for a sentence that is plain text: isolated where its direction would turn the rest round
 * (UAX #9, FSI and PDI). Elsewhere there is `<Name>`.
 */
export const isolated = (name: string): string => (rightToLeft.test(name) ? `\u2068${name}\u2069` : name)

const longestInNews = 28

/** A name in news, which are a line or two on a phone: a long one is cut. */
export function briefly(name: string): string {
  const letters = [...graphemes.segment(name)].map(({ segment }) => segment)
  return isolated(letters.length > longestInNews ? `${letters.slice(0, longestInNews).join('').trimEnd()}…` : name)
}

/** `Ada`, `Ada and Bo`, `Ada, Bo and 3 others`. */
export function listNames(names: readonly string[]): string {
  const [first = '', second = ''] = names.slice(0, 2).map(briefly)
  if (names.length < 2) return first
  if (names.length === 2) return `${first} and ${second}`
  return `${first}, ${second} and ${names.length - 2} ${names.length === 3 ? 'other' : 'others'}`
}
