/** As much of OpenAPI 3.1 and JSON Schema as our document uses. */
export interface Schema {
  $ref?: string
  type?: string
  const?: unknown
  enum?: readonly unknown[]
  anyOf?: readonly Schema[]
  oneOf?: readonly Schema[]
  properties?: Readonly<Record<string, Schema>>
  required?: readonly string[]
  items?: Schema
  pattern?: string
  minLength?: number
  maxLength?: number
  minimum?: number
  maximum?: number
}
interface Parameter {
  name: string
  in: 'path' | 'query' | 'header'
  required?: boolean
  schema: Schema
}
export interface Content {
  content?: Readonly<Record<string, { schema: Schema }>>
}
interface Documented {
  operationId: string
  security?: readonly object[]
  parameters?: readonly Parameter[]
  requestBody?: Content & { required?: boolean }
  responses: Readonly<Record<string, Content & { headers?: Readonly<Record<string, object>> }>>
}
/** An operation of the document. */
export interface RequestPlace extends Documented {
  method: string
  /** With `{name}` parameters. */
  path: string
}

interface Document {
  paths: Readonly<Record<string, Readonly<Record<string, Documented>>>>
  components: { schemas: Readonly<Record<string, Schema>> }
}

/** The operations of the document that a product serves, with every reference resolved. */
export async function readDocument(url: string): Promise<RequestPlace[]> {
  const document = (await (await fetch(`${url}/openapi.json`)).json()) as Document
  const { paths } = resolve(document, document.components.schemas) as Document
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ ...operation, method: method.toUpperCase(), path })),
  )
}

function resolve(value: unknown, schemas: Readonly<Record<string, Schema>>): unknown {
  if (Array.isArray(value)) return value.map((item) => resolve(item, schemas))
  if (typeof value !== 'object' || value === null) return value
  const { $ref } = value as Schema
  if ($ref !== undefined) return resolve(schemas[$ref.split('/').at(-1) ?? ''], schemas)
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, resolve(inner, schemas)]))
}
