/** The parts of a JSON Schema that are printed: no contract uses more. */
export interface PrintableSchema {
  title?: string
  description?: string
  type?: string
  const?: unknown
  enum?: readonly unknown[]
  anyOf?: readonly PrintableSchema[]
  items?: PrintableSchema
  properties?: Readonly<Record<string, PrintableSchema>>
  required?: readonly string[]
  patternProperties?: Readonly<Record<string, PrintableSchema>>
}

/** The name under which a schema is printed elsewhere; undefined for one that is printed where it stands. */
export type NameOfSchema = (schema: PrintableSchema) => string | undefined

/** The TypeScript type of the values that a schema takes. */
export function printType(schema: PrintableSchema, nameOf: NameOfSchema): string {
  return nameOf(schema) ?? printHere(schema, nameOf)
}

/** The same, but never just the name. */
export function printHere(schema: PrintableSchema, nameOf: NameOfSchema): string {
  if (schema.const !== undefined) return JSON.stringify(schema.const)
  if (schema.enum !== undefined) return schema.enum.map((value) => JSON.stringify(value)).join(' | ')
  if (schema.anyOf !== undefined) return schema.anyOf.map((part) => printType(part, nameOf)).join(' | ')
  switch (schema.type) {
    case undefined:
      return 'unknown'
    case 'string':
    case 'boolean':
    case 'number':
    case 'null':
      return schema.type
    case 'integer':
      return 'number'
    case 'array':
      return `(${printType(schema.items ?? {}, nameOf)})[]`
    case 'object':
      return printObject(schema, nameOf)
    default:
      throw new TypeError(`A schema has the type ${schema.type}, which has no print`)
  }
}

function printObject(
  { properties = {}, required = [], patternProperties }: PrintableSchema,
  nameOf: NameOfSchema,
): string {
  if (patternProperties !== undefined) {
    const values = Object.values(patternProperties).map((value) => printType(value, nameOf))
    return `Record<string, ${values.join(' | ')}>`
  }
  const fields = Object.entries(properties).map(([name, schema]) => {
    const mark = required.includes(name) ? '' : '?'
    return `${docComment(schema.description)}${/^\w+$/.test(name) ? name : JSON.stringify(name)}${mark}: ${printType(schema, nameOf)}\n`
  })
  return `{\n${fields.join('')}}`
}

/** A doc comment on a line of its own; nothing where there is nothing to say. */
export const docComment = (text: string | undefined): string =>
  text === undefined ? '' : `/** ${text.replaceAll('*/', '*\\/')} */\n`
