import { problems } from '@parley/contracts'

type Json = null | boolean | number | string | Json[] | { [key: string]: Json }

/** A document, and the schemas with a title that were taken out of it. */
export interface Extracted {
  document: { [key: string]: Json }
  schemas: { [title: string]: Json }
}

/**
 * Moves every schema that has a `title` to `#/components/schemas/<title>` and leaves a reference. So it is there once, under its name.
 * @throws Error when one title stands for two different schemas
 */
export function extractTitled(source: object): Extracted {
  const schemas: { [title: string]: Json } = {}
  const texts = new Map<string, string>()

  function visit(value: Json, inProperties: boolean): Json {
    if (Array.isArray(value)) return value.map((item) => visit(item, false))
    if (typeof value !== 'object' || value === null) return value
    const entries = Object.entries(value).map(([key, item]) => [key, visit(item, key === 'properties')] as const)
    const copy = Object.fromEntries(entries)
    const title = copy['title']
    // `title` may also be the name of a field, and of the document itself.
    const isSchema = !inProperties && typeof title === 'string' && ('type' in copy || 'anyOf' in copy)
    if (!isSchema) return copy
    const text = JSON.stringify(copy)
    if ((texts.get(title) ?? text) !== text) throw new Error(`Two different schemas have the title ${title}`)
    texts.set(title, text)
    schemas[title] = copy
    return { $ref: `#/components/schemas/${title}` }
  }
  // Through JSON, which drops what TypeBox keeps beside the schema.
  const document = visit(JSON.parse(JSON.stringify(source)) as Json, false) as { [key: string]: Json }
  return { document, schemas: Object.fromEntries(Object.entries(schemas).sort(([a], [b]) => (a < b ? -1 : 1))) }
}

/** The schemas with the catalogue of problems in them: a client may know them all, but must bear a new one. */
export function withCodes(schemas: Extracted['schemas']): Extracted['schemas'] {
  const problem = schemas['Problem'] as { properties: { code: object } }
  const code = { ...problem.properties.code, enum: Object.keys(problems) }
  return { ...schemas, Problem: { ...problem, properties: { ...problem.properties, code } } } as Extracted['schemas']
}
