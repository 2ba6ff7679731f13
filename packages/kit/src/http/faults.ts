import type { Problem } from '@parley/contracts'
import type { TSchema } from 'typebox'
import { Compile } from 'typebox/compile'
import type { TLocalizedValidationError } from 'typebox/error'
import { textRules } from '../text/apply.ts'
import { illFormedTexts, pointerStep } from './well-formed.ts'

export type Faults = NonNullable<Problem['errors']>
const maxFaults = 20
const maxPath = 120

/**
 * A strict check of any value: no coercion, no defaults, no text that is not well-formed Unicode; each fault with a JSON pointer. An
 * empty list means it fits.
 */
export function compile(schema: TSchema): (value: unknown) => Faults {
  const check = compileShape(schema)
  return (value) => {
    const faults = check(value)
    return faults.length > 0 ? faults : cut(illFormedTexts(value))
  }
}

/** The same for a part of what `compile` has checked: its texts are well-formed. */
export function compileShape(schema: TSchema): (value: unknown) => Faults {
  const validator = Compile(schema)
  return (value) => {
    if (validator.Check(value)) return []
    const faults = faultsOf(validator.Errors(value), exclusiveFaults(schema, value))
    return faults.length > 0 ? faults : [{ path: '', message: 'does not match its schema' }]
  }
}

/**
 * The same for what comes from outside: texts are normalised first, in place, and judged by the rule of their kind
 * (`docs/spec/text.md`).
 */
export function compileInput(schema: TSchema): (value: unknown) => Faults {
  const check = compile(schema)
  const rules = textRules(schema)
  if (rules === null) return check
  return (input) => {
    const illFormed = cut(illFormedTexts(input))
    if (illFormed.length > 0) return illFormed
    const { value, faults } = rules(input)
    const others = check(value).filter(({ path }) => faults.every((fault) => fault.path !== path))
    return [...faults, ...others].slice(0, maxFaults)
  }
}

/** One fault per field, in words that name the field; never the value that was sent. */
function faultsOf(errors: readonly TLocalizedValidationError[], exclusive: Faults): Faults {
  const faults = new Map<string, string>(exclusive.map(({ path, message }) => [path, message]))
  const unions = errors.flatMap(({ keyword, schemaPath }) =>
    keyword === 'anyOf' || keyword === 'oneOf' ? [`${schemaPath}/${keyword}/`] : [],
  )
  for (const error of errors) {
    const inUnion = unions.some((union) => error.schemaPath.startsWith(union))
    if (inUnion || error.keyword === 'additionalProperties' || error.keyword === 'oneOf') continue
    for (const { path, message } of describe(error, errors)) {
      if (faults.size < maxFaults && !faults.has(path)) faults.set(path, message)
    }
  }
  return cut([...faults].map(([path, message]) => ({ path, message })))
}

const cut = (faults: Faults): Faults =>
  faults.map(({ path, message }) => ({ path: path.slice(0, maxPath).toWellFormed(), message }))

/** Of fields that exclude each other (`exactlyOne` of the contracts): that none is there, or which ones are too many. */
function exclusiveFaults(schema: TSchema, value: unknown): Faults {
  const { oneOf } = schema as { oneOf?: readonly { required: readonly string[] }[] }
  if (oneOf === undefined || typeof value !== 'object' || value === null) return []
  const names = oneOf.flatMap(({ required }) => required)
  const [there, ...others] = names.filter((name) => Object.hasOwn(value, name))
  const [first = '', ...rest] = names
  if (there === undefined)
    return [{ path: `/${pointerStep(first)}`, message: `is required, or else ${rest.join(' or ')}` }]
  return others.map((name) => ({ path: `/${pointerStep(name)}`, message: `must be absent where there is ${there}` }))
}

function describe(error: TLocalizedValidationError, all: readonly TLocalizedValidationError[]): Faults {
  const path = error.instancePath
  switch (error.keyword) {
    case 'required':
      return error.params.requiredProperties.map((name) => ({
        path: `${path}/${pointerStep(name)}`,
        message: 'is required',
      }))
    case 'boolean':
      return [{ path, message: 'is not a known field' }]
    case 'anyOf':
      return [{ path, message: choices(error.schemaPath, all) }]
    case 'const':
      return [{ path, message: `must be ${JSON.stringify(error.params.allowedValue)}` }]
    default:
      return [{ path, message: error.message }]
  }
}

/** The literals of a union, if it is one of literals, else the general sentence. */
function choices(union: string, all: readonly TLocalizedValidationError[]): string {
  const literals = all.flatMap((error) =>
    error.keyword === 'const' &&
    error.schemaPath.startsWith(`${union}/anyOf/`) &&
    !error.schemaPath.includes('/properties/', union.length)
      ? [JSON.stringify(error.params.allowedValue)]
      : [],
  )
  return literals.length > 0 ? `must be one of ${[...new Set(literals)].join(', ')}` : 'has none of the accepted forms'
}
