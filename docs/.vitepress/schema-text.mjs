/** A JSON Schema as a line that people read: `{ title: string, type?: "public" | "private" }`. */
export function schemaText(schema, depth = 0) {
  if (schema === undefined || schema === true) return 'any'
  if (schema.$ref !== undefined) return schema.$ref.split('/').at(-1)
  if (schema.const !== undefined) return JSON.stringify(schema.const)
  if (schema.enum !== undefined) return schema.enum.map((value) => JSON.stringify(value)).join(' | ')
  const parts = schema.anyOf ?? schema.oneOf
  if (parts !== undefined) return [...new Set(parts.map((part) => schemaText(part, depth)))].join(' | ')
  if (schema.allOf !== undefined) return schema.allOf.map((part) => schemaText(part, depth)).join(' & ')
  if (schema.type === 'array') return `${wrap(schemaText(schema.items, depth))}[]`
  if (schema.type === 'object') return objectText(schema, depth)
  return [schema.type ?? 'any'].flat().join(' | ')
}

const wrap = (text) => (text.includes(' | ') ? `(${text})` : text)

function objectText({ properties = {}, required = [], additionalProperties, patternProperties }, depth) {
  const names = Object.keys(properties)
  const values = additionalProperties || Object.values(patternProperties ?? {})[0]
  if (names.length === 0)
    return values ? `Record<string, ${schemaText(values === true ? {} : values, depth + 1)}>` : '{}'
  const pad = '  '.repeat(depth + 1)
  const lines = names.map((name) => {
    const note = noteOf(properties[name])
    const mark = required.includes(name) ? '' : '?'
    return `${pad}${name}${mark}: ${schemaText(properties[name], depth + 1)}${note === '' ? '' : `  // ${note}`}`
  })
  return `{\n${lines.join('\n')}\n${'  '.repeat(depth)}}`
}

/** Bounds, default and what a field is for. */
function noteOf(schema) {
  const { minLength, maxLength, minimum, maximum, maxItems, default: byDefault, description } = schema
  const range = (from, to, what) => (to === undefined || to > 1e15 ? [] : [`${from ?? 0} to ${to}${what}`])
  return [
    ...range(minLength, maxLength, ' characters'),
    ...range(minimum, maximum, ''),
    ...(maxItems === undefined ? [] : [`at most ${maxItems}`]),
    ...(byDefault === undefined ? [] : [`default ${JSON.stringify(byDefault)}`]),
    ...(description === undefined ? [] : [description]),
  ].join('; ')
}
