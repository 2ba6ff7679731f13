import type { FastifyInstance } from 'fastify'
import type { TObject, TSchema } from 'typebox'
import { ProblemError } from '../problem.ts'
import { fromText } from '../text.ts'
import { compileInput, type Faults } from './faults.ts'

type Part = 'body' | 'querystring' | 'params' | 'headers'
type Validation = { value: unknown } | { error: ProblemError }

const prefixes = { querystring: 'query.', params: 'params.', headers: 'headers.' } as const

/**
 * Makes a server validate by TypeBox: bodies strictly, the other parts after reading their texts as what the schema
 * asks for.
 */
export function validateByTypeBox(app: FastifyInstance): void {
  app.setValidatorCompiler<TSchema>(({ schema, httpPart }) => validatorOf(schema, httpPart as Part))
}

function validatorOf(schema: TSchema, part: Part): (input: unknown) => Validation {
  if (part === 'body') {
    const check = compileInput(schema)
    return (input) => verdict(input, check(input))
  }
  const fields = (schema as TObject).properties
  // Clients send headers of their own: only the named ones are looked at. Elsewhere what is not named is refused, unless
  // the schema says what else may come.
  const check = compileInput({ additionalProperties: false, ...schema })
  return (input) => {
    const value = readTexts(fields, input as Record<string, unknown>, part === 'headers')
    return verdict(
      value,
      check(value).map((fault) => ({ ...fault, path: prefixes[part] + fault.path.slice(1) })),
    )
  }
}

const verdict = (value: unknown, errors: Faults): Validation =>
  errors.length === 0 ? { value } : { error: new ProblemError('invalid-input', undefined, { errors }) }

function readTexts(fields: Readonly<Record<string, TSchema>>, input: Record<string, unknown>, onlyNamed: boolean) {
  const value: Record<string, unknown> = Object.create(null)
  if (!onlyNamed) Object.assign(value, input)
  for (const [name, field] of Object.entries(fields)) {
    const raw = input[name]
    if (raw !== undefined) value[name] = readField(field, raw)
    else if ('default' in field) value[name] = field.default
  }
  return value
}

/** `?a=1&a=2` comes as a list; one `a` is a list of one where the schema asks for a list. */
function readField(field: TSchema, raw: unknown): unknown {
  const { type, items } = field as { type?: string; items?: TSchema }
  if (type === 'array' && items !== undefined) {
    const list: readonly unknown[] = Array.isArray(raw) ? raw : [raw]
    return list.map((item) => readField(items, item))
  }
  return typeof raw === 'string' ? fromText(field, raw) : raw
}
