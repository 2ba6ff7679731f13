import { textKeyword, type TextKind } from '@parley/contracts'
import type { TSchema } from 'typebox'
import { readAddress } from './address.ts'
import { readCode } from './code.ts'
import { readInstant } from './instant.ts'
import { readName } from './name.ts'
import { readProse } from './prose.ts'
import { isReaction } from './reaction.ts'
import { passcodeForm, secretForm } from './secret.ts'
import { hasVisible, nothingToSee, type Read } from './visible.ts'

interface Fault {
  path: string
  message: string
}
/** The parts of a schema (JSON Schema) that the rules need. */
interface Plain {
  properties?: Record<string, Plain>
  items?: Plain
  anyOf?: Plain[]
  minLength?: number
  maxLength?: number
  [textKeyword]?: TextKind
}
/** Answers the value to go on with. */
type Rule = (value: unknown, path: string, faults: Fault[]) => unknown

/** So much longer may a text be before it is normalised; what is longer still is refused for its length, unread. */
const slack = 8

/**
 * The rules for the texts of `schema`, at any depth, or null if it has none. They normalise a value in place and say what is
 * wrong, with a JSON pointer; everything else is the schema's to check, afterwards.
 */
export function textRules(schema: TSchema): ((value: unknown) => { value: unknown; faults: Fault[] }) | null {
  const rule = ruleOf(schema as Plain)
  if (rule === null) return null
  return (input) => {
    const faults: Fault[] = []
    return { value: rule(input, '', faults), faults }
  }
}

function ruleOf(schema: Plain): Rule | null {
  const { properties, items, anyOf, [textKeyword]: kind } = schema
  if (kind !== undefined) return (value, path, faults) => readText(kind, schema, { value, path, faults })
  if (properties !== undefined) return ruleOfFields(properties)
  if (items !== undefined) return ruleOfItems(items)
  // One of several forms: texts are those of the form that has a rule, such as of a text or null.
  const [rule] = (anyOf ?? []).map(ruleOf).filter((one) => one !== null)
  return rule ?? null
}

function ruleOfFields(properties: Readonly<Record<string, Plain>>): Rule | null {
  const rules = Object.entries(properties).flatMap(([name, field]) => {
    const rule = ruleOf(field)
    return rule === null ? [] : [[name, rule] as const]
  })
  if (rules.length === 0) return null
  return (value, path, faults) => {
    if (typeof value !== 'object' || value === null) return value
    const fields = value as Record<string, unknown>
    for (const [name, rule] of rules)
      if (Object.hasOwn(fields, name)) fields[name] = rule(fields[name], `${path}/${name}`, faults)
    return value
  }
}

function ruleOfItems(items: Plain): Rule | null {
  const rule = ruleOf(items)
  if (rule === null) return null
  return (value, path, faults) =>
    Array.isArray(value) ? value.map((item, index) => rule(item, `${path}/${index}`, faults)) : value
}

function readText(
  kind: TextKind,
  { minLength = 0, maxLength = Number.POSITIVE_INFINITY }: Plain,
  { value, path, faults }: { value: unknown; path: string; faults: Fault[] },
): unknown {
  if (typeof value !== 'string' || value.length > maxLength * slack) return value
  const read = readers[kind](value, minLength)
  if ('value' in read) return read.value
  faults.push({ path, message: read.fault })
  return value
}

const readers: Readonly<Record<TextKind, (text: string, minLength: number) => Read>> = {
  name: readName,
  prose: (text, minLength) => readProse(text, minLength === 0),
  message: (text) => (hasVisible(text) ? { value: text } : { fault: nothingToSee }),
  secret: (text, minLength) => readSecret(text, secretForm(text), minLength),
  passcode: (text, minLength) => readSecret(text, passcodeForm(text), minLength),
  address: readAddress,
  code: readCode,
  instant: readInstant,
  reaction: (text) => (isReaction(text) ? { value: text } : { fault: 'must be one emoji' }),
}

/** A secret stays as it was typed, for hashes of before; what counts is its normal form. */
const readSecret = (text: string, normal: string, minLength: number): Read =>
  Array.from(normal).length >= minLength && hasVisible(normal)
    ? { value: text }
    : { fault: `must have at least ${minLength} characters, and not only blanks` }
