import { readFileSync } from 'node:fs'
import type { Static, TObject, TSchema } from 'typebox'
import { Compile } from 'typebox/compile'
import { expected, fromText } from './text.ts'

export type Environment = Readonly<Record<string, string | undefined>>

/** The environment is not fit to run with. The message lists every fault and holds no secret. */
export class ConfigError extends Error {
  readonly faults: readonly string[]

  constructor(faults: readonly string[]) {
    const count = faults.length === 1 ? '1 fault' : `${faults.length} faults`
    super(`The configuration has ${count}:\n${faults.map((fault) => `  ${fault}`).join('\n')}`)
    this.name = 'ConfigError'
    this.faults = faults
  }
}

/** The members of a config schema's field besides JSON Schema. */
interface Annotations {
  default?: unknown
  description?: string
  /** The text of a fault in place of the pattern. */
  expects?: string
  /** Never printed. */
  secret?: boolean
  /** The default is for trying things out; production has to set it. */
  requiredInProduction?: boolean
}

/**
 * Reads the variables that `schema` names. `X_FILE` names a file that holds the value of `X`; an empty variable counts
 * as absent.
 * @throws ConfigError with all faults together
 */
export function readConfig<S extends TObject>(schema: S, env: Environment): Readonly<Static<S>> {
  const faults: string[] = []
  const values: Record<string, unknown> = {}
  const required = new Set<string>(schema.required ?? [])
  for (const [name, field] of Object.entries<TSchema>(schema.properties)) {
    const read = readField(name, field, { env, required: required.has(name) })
    if ('fault' in read) faults.push(`${name}: ${read.fault}`)
    else if (read.value !== undefined) values[name] = read.value
  }
  if (faults.length > 0) throw new ConfigError(faults)
  return Object.freeze(values) as Readonly<Static<S>>
}

/** The variables of a schema, for `--help` and the docs. */
export function describeConfig(schema: TObject): { name: string; default: string; description: string }[] {
  return Object.entries<TSchema>(schema.properties).map(([name, field]) => {
    const { default: byDefault, description = '', secret = false }: Annotations = field
    const shown =
      byDefault === undefined
        ? ''
        : secret
          ? '(set)'
          : Array.isArray(byDefault)
            ? byDefault.join(',')
            : String(byDefault)
    return { name, default: shown, description }
  })
}

type Read = { value: unknown } | { fault: string }

function readField(name: string, field: TSchema, from: { env: Environment; required: boolean }): Read {
  const notes: Annotations = field
  const text = readText(name, from.env)
  if ('fault' in text) return text
  if (text.value === undefined) {
    const production = from.env['NODE_ENV'] === 'production' && notes.requiredInProduction === true
    if (production) return { fault: `must be set in production; expected ${expected(field)}${because(notes)}` }
    if (notes.default === undefined && from.required)
      return { fault: `is missing; expected ${expected(field)}${because(notes)}` }
    return { value: notes.default }
  }
  const value = parse(field, text.value)
  if (Compile(field).Check(value)) return { value: Array.isArray(value) ? Object.freeze(value) : value }
  const shown = notes.secret === true ? 'its value' : JSON.stringify(text.value.slice(0, 100))
  return { fault: `${shown} does not fit; expected ${expected(field)}${because(notes)}` }
}

const because = ({ description }: Annotations): string => (description === undefined ? '' : ` (${description})`)

function readText(name: string, env: Environment): { value: string | undefined } | { fault: string } {
  const value = env[name] === '' ? undefined : env[name]
  const file = env[`${name}_FILE`] === '' ? undefined : env[`${name}_FILE`]
  if (file === undefined) return { value }
  if (value !== undefined) return { fault: `is set twice, here and by ${name}_FILE; keep one` }
  try {
    return { value: readFileSync(file, 'utf8').replace(/\r?\n$/, '') }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error'
    return { fault: `${name}_FILE names ${file}, which cannot be read (${code})` }
  }
}

function parse(field: TSchema, text: string): unknown {
  const { type, items } = field as { type?: string; items?: TSchema }
  if (type !== 'array' || items === undefined) return fromText(field, text)
  const parts = text.split(',').map((part) => part.trim())
  return parts.filter((part) => part !== '').map((part) => fromText(items, part))
}
