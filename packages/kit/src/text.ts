import type { TSchema } from 'typebox'

interface Plain {
  type?: string
  const?: unknown
  enum?: unknown[]
  anyOf?: Plain[]
  items?: Plain
  minimum?: number
  maximum?: number
  minLength?: number
  pattern?: string
  /** Words for a pattern that only a machine reads well. */
  expects?: string
}

/**
 * Turns text (of the environment, a query, a path) into the value that `schema` asks for; text that does not fit stays
 * text.
 */
export function fromText(schema: TSchema, text: string): unknown {
  const { type } = schema as Plain
  if (type === 'integer') return /^-?\d{1,16}$/.test(text) ? Number(text) : text
  if (type === 'number') return /^-?\d{1,16}(\.\d{1,16})?$/.test(text) ? Number(text) : text
  if (type === 'boolean') return text === 'true' ? true : text === 'false' ? false : text
  return text
}

/** The values that a schema accepts, in words for a person who has to fix a variable. */
export function expected(schema: TSchema): string {
  const plain = schema as Plain
  if (plain.expects !== undefined) return plain.expects
  const choices = plain.enum ?? plain.anyOf?.map((one) => one.const).filter((one) => one !== undefined)
  if (choices !== undefined && choices.length > 0) return `one of ${choices.join(', ')}`
  if (plain.type === 'boolean') return 'true or false'
  if (plain.type === 'array') return 'a list separated by commas'
  if (plain.type === 'integer' || plain.type === 'number') return `${article(plain.type)}${range(plain)}`
  const atLeast = plain.minLength === undefined ? '' : ` of at least ${plain.minLength} characters`
  return `text${atLeast}${plain.pattern === undefined ? '' : ` matching ${plain.pattern}`}`
}

const article = (type: string): string => (type === 'integer' ? 'an integer' : 'a number')

function range({ minimum, maximum }: Plain): string {
  if (minimum !== undefined && maximum !== undefined) return ` from ${minimum} to ${maximum}`
  if (minimum !== undefined) return ` of at least ${minimum}`
  return maximum === undefined ? '' : ` of at most ${maximum}`
}
