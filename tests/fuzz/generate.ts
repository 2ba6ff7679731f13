import { fromClient, type ClientType } from '@parley/contracts'
import type { Random } from './random.ts'

/** The knowledge of a client: values that make a message mean something to the server. */
export interface Known {
  /** Participants, the meeting, the session. */
  ids: readonly string[]
  /** Access, room and resume tokens of its own. */
  tokens: readonly string[]
  v: number
}

/** A schema as TypeBox makes them: JSON Schema (2020-12), of which the messages of clients use only this. */
interface Schema {
  type?: string
  const?: unknown
  anyOf?: readonly Schema[]
  properties?: Readonly<Record<string, Schema>>
  required?: readonly string[]
  pattern?: string
  minLength?: number
  maxLength?: number
}

/** A message that fits its schema, though perhaps not the state. */
export interface Made {
  type: ClientType
  requestId?: string
  payload: unknown
}

/** How often, where it is not 1: what ends a stay or a socket would else leave little to try on. */
const weights: Partial<Record<ClientType, number>> = {
  'auth.authenticate': 0.03,
  'room.leave': 0.03,
  'moderation.remove': 0.03,
  'meeting.end': 0.01,
  'rtc.signal': 8,
}
const types = Object.keys(fromClient) as [ClientType, ...ClientType[]]
const total = types.reduce((sum, type) => sum + (weights[type] ?? 1), 0)

export function anyType(random: Random): ClientType {
  let at = random.next() * total
  for (const type of types) {
    at -= weights[type] ?? 1
    if (at < 0) return type
  }
  return 'ping'
}

/** A valid message of any type; `requestId` is used on nine of ten. */
export function makeMessage(random: Random, known: Known, requestId: string): Made {
  const type = anyType(random)
  const payload = valueOf(fromClient[type].payload as Schema, random, known)
  return random.chance(0.9) ? { type, requestId, payload } : { type, payload }
}

function valueOf(schema: Schema, random: Random, known: Known): unknown {
  if ('const' in schema) return schema.const
  if (schema.anyOf) return valueOf(random.pickOr(schema.anyOf, {}), random, known)
  switch (schema.type) {
    case 'object':
      return objectOf(schema, random, known)
    case 'string':
      return stringOf(schema, random, known)
    case 'boolean':
      return random.chance(0.5)
    case 'integer':
      return random.chance(0.8) ? Math.max(0, known.v - random.below(20)) : random.below(2 ** 31)
    default:
      return anything(random, known)
  }
}

function objectOf({ properties = {}, required = [] }: Schema, random: Random, known: Known): object {
  const fields = Object.entries(properties).filter(([name]) => required.includes(name) || random.chance(0.5))
  return Object.fromEntries(fields.map(([name, schema]) => [name, valueOf(schema, random, known)]))
}

function stringOf({ pattern = '', minLength = 0, maxLength = 40 }: Schema, random: Random, known: Known): string {
  if (pattern.startsWith('^[0-9a-f]{8}-')) return random.pickOr(known.ids, '01900000-0000-7000-8000-000000000000')
  if (maxLength > 100 && random.chance(0.5)) return random.pickOr(known.tokens, 'token')
  const length = minLength + random.below(Math.min(maxLength - minLength, random.chance(0.02) ? maxLength : 40) + 1)
  return Array.from({ length }, () => 'abcXYZ019_-'[random.below(11)]).join('')
}

/** For data that the server relays as it is. */
const anything = (random: Random, { ids }: Known): unknown =>
  random.pick<unknown>([
    { sdp: 'v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\n', type: 'offer' },
    { candidate: 'candidate:1 1 udp 1 127.0.0.1 9 typ host', sdpMid: '0' },
    null,
    [1, [2, [3]]],
    'x'.repeat(random.below(2_000)),
    random.next() * 1e300,
    { to: ids[0] },
  ])
