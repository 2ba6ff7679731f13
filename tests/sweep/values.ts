import type { Random } from '../fuzz/random.ts'
import type { Schema } from './document.ts'

/** The valid values at a place: ids, codes and tokens that lead somewhere, by the name of the field. */
export type Known = Readonly<Record<string, unknown>>

/** A value that fits its schema; `known` says what leads somewhere. */
export function rightValue(name: string, schema: Schema, random: Random, known: Known): unknown {
  if (name in known && random.chance(0.9)) return known[name]
  if (schema.const !== undefined) return schema.const
  if (schema.enum !== undefined) return random.pickOr(schema.enum, null)
  if (schema.anyOf !== undefined) return rightValue('', random.pickOr(schema.anyOf, {}), random, known)
  switch (schema.type) {
    case 'object':
      return rightObject(schema, random, known)
    case 'array':
      return [rightValue('', schema.items ?? {}, random, known)]
    case 'string':
      return rightText(schema, random)
    case 'boolean':
      return random.chance(0.5)
    case 'integer': {
      const { minimum = 0, maximum = 1_000 } = schema
      return random.pick([minimum, Math.min(maximum, Number.MAX_SAFE_INTEGER), minimum + random.below(50)])
    }
    case 'null':
      return null
    default:
      return 'anything'
  }
}

/** All required fields and some others; of fields that exclude each other one. */
export function rightObject(schema: Schema, random: Random, known: Known): Record<string, unknown> {
  const { properties = {}, required = [], oneOf } = schema
  const exclusive = oneOf?.flatMap((one) => one.required ?? []) ?? []
  const chosen = exclusive[random.below(Math.max(1, exclusive.length))]
  const fields = Object.entries(properties).filter(([name]) =>
    exclusive.includes(name) ? name === chosen : required.includes(name) || random.chance(0.4),
  )
  return Object.fromEntries(fields.map(([name, inner]) => [name, rightValue(name, inner, random, known)]))
}

/** Texts for the patterns of the contracts, by what they begin with. */
const forPattern: readonly [begins: string, text: string][] = [
  ['^[0-9a-f]{8}-', '0190aaaa-0000-7000-8000-00000000000a'],
  ['^[a-z]{3}-', 'abc-defg-hij'],
  ['^\\d{4}-', '2031-01-01T10:00:00.000Z'],
  ['^[A-Za-z0-9_-]{43}$', 'A'.repeat(43)],
  ['^/(', '/m/abc-defg-hij'],
  ['^[\\x21', 'a-key-of-this-request'],
  ['^[^\\s@', 'somebody@example.org'],
  ['^[A-Za-z0-9_+/-]+$', 'Europe/Berlin'],
]

function rightText({ pattern, minLength = 0, maxLength = 40 }: Schema, random: Random): string {
  const fits = forPattern.find(([begins]) => pattern?.startsWith(begins))
  if (fits !== undefined) return fits[1]
  const length = Math.max(
    minLength,
    Math.min(maxLength, random.pick([minLength, 8, 12, maxLength > 500 ? 40 : maxLength])),
  )
  return Array.from({ length }, () => 'abcxyz019'[random.below(9)]).join('')
}

/** Values that a strict reader refuses, and some that it may take. */
export const oddTexts: readonly string[] = [
  '',
  ' ',
  'x',
  'null',
  '-1',
  '1e999',
  '\u0000',
  'a\u0000b',
  'a\r\nX-Evil: 1',
  '\u202e\u200b',
  '😀'.repeat(20),
  "'; drop table users; --",
  '../../etc/passwd',
  '%2e%2e%2f',
  '${7*7}{{7*7}}',
  '<script>alert(1)</script>',
  '__proto__',
  'x'.repeat(201),
  'x'.repeat(5_000),
  '0190AAAA-0000-7000-8000-00000000000A',
  '0190aaaa-0000-4000-8000-00000000000a',
  '9999-99-99T99:99:99Z',
  '2031-02-30T00:00:00.000Z',
  '0001-01-01T00:00:00.000Z',
]

/** The same where JSON stands, with half of a surrogate pair as JSON can write it. */
export const oddValues: readonly unknown[] = [
  ...oddTexts,
  'a\ud83d',
  null,
  true,
  0,
  -1,
  1.5,
  1e300,
  2 ** 53,
  [],
  ['a'],
  {},
  { a: { b: [null] } },
]

/** Values at the edges of a schema, on both sides. */
export function edges({ type, minLength, maxLength, minimum, maximum, enum: choices, anyOf }: Schema): unknown[] {
  if (choices !== undefined) return [...choices]
  if (anyOf !== undefined) return anyOf.flatMap((one) => ('const' in one ? [one.const] : edges(one)))
  if (type === 'integer')
    return [minimum, maximum].flatMap((edge) => (edge === undefined ? [] : [edge - 1, edge, edge + 1]))
  if (type !== 'string') return []
  return [minLength, maxLength].flatMap((edge) =>
    edge === undefined || edge > 10_000
      ? []
      : [edge - 1, edge, edge + 1].map((length) => 'a'.repeat(Math.max(0, length))),
  )
}
