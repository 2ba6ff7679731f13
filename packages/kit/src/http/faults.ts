import type { Problem } from '@parley/contracts'
import type { TSchema } from 'typebox'
import { Compile } from 'typebox/compile'
import type { TLocalizedValidationError } from 'typebox/error'
import { textRules } from '../text/apply.ts'

export type Faults = NonNullable<Problem['errors']>
const maxFaults = 20
const maxPath = 120

/**
 * A strict check of any value: no coercion, no defaults; each fault with a JSON pointer. An empty list means it fits.
 */
export function compile(schema: TSchema): (value: unknown) => Faults {
  const validator = Compile(schema)
  return (value) => {
    if (validator.Check(value)) return []
    const faults = faultsOf(validator.Errors(value))
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
    const { value, faults } = rules(input)
    const others = check(value).filter(({ path }) => faults.every((fault) => fault.path !== path))
    return [...faults, ...others].slice(0, maxFaults)
  }
}

/** One fault per field, in words that name the field; never the value that was sent. */
function faultsOf(errors: readonly TLocalizedValidationError[]): Faults {
  const faults = new Map<string, string>()
  const unions = errors.filter((error) => error.keyword === 'anyOf').map((error) => error.schemaPath)
  for (const error of errors) {
    const inUnion = unions.some((union) => error.schemaPath.startsWith(`${union}/anyOf/`))
    if (inUnion || error.keyword === 'additionalProperties') continue
    for (const { path, message } of describe(error, errors)) {
      if (faults.size < maxFaults && !faults.has(path)) faults.set(path, message)
    }
  }
  return [...faults].map(([path, message]) => ({ path: path.slice(0, maxPath), message }))
}

function describe(error: TLocalizedValidationError, all: readonly TLocalizedValidationError[]): Faults {
  const path = error.instancePath
  switch (error.keyword) {
    case 'required':
      return error.params.requiredProperties.map((name) => ({
        path: `${path}/${escape(name)}`,
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

/** RFC 6901. */
const escape = (name: string): string => name.replaceAll('~', '~0').replaceAll('/', '~1')
