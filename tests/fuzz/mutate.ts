import { anyType, type Made } from './generate.ts'
import type { Random } from './random.ts'

const nested = (depth: number): unknown => {
  let value: unknown = 1
  for (let level = 0; level < depth; level++) value = level % 2 === 0 ? [value] : { a: value }
  return value
}

/** Where something else is expected. */
const strange: readonly [(random: Random) => unknown, ...((random: Random) => unknown)[]] = [
  () => null,
  () => true,
  () => -1,
  () => 1.5,
  () => 2 ** 53,
  () => -0,
  () => '',
  () => [],
  () => ({}),
  () => [null],
  () => ({ toString: 1, valueOf: null }),
  () => '\ud800',
  () => 'a\udc00b',
  () => '\u0000',
  () => '\u202e\u200f\ufeff',
  () => '👩‍👩‍👧‍👦'.repeat(4),
  () => 'İ'.normalize('NFD'),
  () => '__proto__',
  () => 'constructor',
  () => '../../etc/passwd',
  () => "'; drop table messages; --",
  () => '<script>alert(1)</script>',
  () => '\r\nX: y',
  () => '%s%n${7*7}',
  () => '9'.repeat(400),
  (random) => 'x'.repeat(random.below(5_000)),
  (random) => nested(random.below(100)),
  (random) => Array.from({ length: random.below(200) }, (_, n) => n),
  (random) => Object.fromEntries(Array.from({ length: random.below(200) }, (_, n) => [`k${n}`, n])),
]
const names = [
  '__proto__',
  'constructor',
  'prototype',
  'role',
  'isAdmin',
  'seq',
  'v',
  'hostId',
  'requestId',
  '',
  'a',
] as const

type Json = Record<string, unknown>
const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)

/** Sets a field as JSON.parse would: also one that is named `__proto__`. */
const put = (target: Json, name: string, value: unknown): void =>
  void Object.defineProperty(target, name, { value, enumerable: true, configurable: true, writable: true })

/** Any object within the message, the deeper the rarer. */
function somewhere(random: Random, message: Json): Json {
  let at = message
  while (random.chance(0.7)) {
    const inner = Object.values(at).filter(isObject)
    const next = random.pickOr(inner, at)
    if (next === at) break
    at = next
  }
  return at
}

/** Changes of a message before it is written as text. */
const changes: readonly [(random: Random, message: Json) => void, ...((random: Random, message: Json) => void)[]] = [
  (random, message) => {
    const target = somewhere(random, message)
    put(target, random.pickOr(Object.keys(target), 'type'), random.pick(strange)(random))
  },
  (random, message) => {
    const target = somewhere(random, message)
    delete target[random.pickOr(Object.keys(target), 'payload')]
  },
  (random, message) => put(somewhere(random, message), random.pick(names), random.pick(strange)(random)),
  (random, message) => put(message, 'payload', random.pick(strange)(random)),
  (random, message) => put(message, 'requestId', random.pick(strange)(random)),
  (random, message) => put(message, 'type', anyType(random)),
  (random, message) => {
    const type = typeof message['type'] === 'string' ? message['type'] : 'ping'
    put(
      message,
      'type',
      random.pick([`${type} `, type.toUpperCase(), type.replace('.', '..'), `x${type}`, '__proto__']),
    )
  },
  (random, message) => {
    const target = somewhere(random, message)
    const [name] = Object.keys(target)
    if (name !== undefined) put(target, name, nested(random.below(3_000)))
  },
]

const escaped = (letter: string): string => `\\u00${letter.charCodeAt(0).toString(16)}`

/** Changes of the text that leave it JSON. */
const respell: readonly [(random: Random, text: string) => string, ...((random: Random, text: string) => string)[]] = [
  (_random, text) => text.replace(/:(true|false|\d+)/, ':1e400'),
  (_random, text) => text.replace(/:(true|false|\d+)/, ':-1e-400'),
  (_random, text) => text.replace(/^{(?=")/, '{"type":"ping",'),
  (_random, text) => text.replace(/(?<=[^{])}$/, ',"payload":{}}'),
  (random, text) => `${' '.repeat(random.below(3_000))}${text}\r\n`,
  (_random, text) =>
    text.replace(/"type":"([a-zA-Z.]+)"/, (_all, type: string) => `"type":"${type.split('').map(escaped).join('')}"`),
  (_random, text) => text.replace(/"([^"]{3,})"/, '"$1\\ud83d"'),
  (_random, text) => `[${text}]`,
]

/** The inputs that end the socket: not JSON, not text, too large. */
const ruin: readonly [
  (random: Random, text: string) => string | Buffer,
  ...((random: Random, text: string) => string | Buffer)[],
] = [
  (random, text) => text.slice(0, random.below(text.length)),
  (random, text) => `${text.slice(0, random.below(text.length))}\u0001${text}`,
  (_random, text) => `\ufeff${text}`,
  (_random, text) => `${text}${text}`,
  (_random, text) => text.replaceAll('"', "'"),
  (_random, text) => text.replace(/}$/, ',}'),
  () => 'NaN',
  () => '',
  () => '['.repeat(60_000),
  (_random, text) => Buffer.from(text),
  (_random, text) => text.padEnd(65_537 + text.length),
]

export interface Mutated {
  data: string | Buffer
  /** It may not be sent to a socket that is to live on. */
  ruinous: boolean
}

/** A message as it is, or changed one to three times; about one in 200 is beyond repair. */
export function mutate(random: Random, made: Made): Mutated {
  const message: Json = structuredClone({ ...made })
  const times = random.pick([0, 0, 1, 1, 1, 2, 3])
  for (let n = 0; n < times; n++) random.pick(changes)(random, message)
  const text = JSON.stringify(message)
  if (random.chance(0.005)) return { data: random.pick(ruin)(random, text), ruinous: true }
  return { data: random.chance(0.15) ? random.pick(respell)(random, text) : text, ruinous: false }
}
