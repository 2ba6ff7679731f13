import { operations, problems, type AnswerHeader, type Operation } from '@parley/contracts'

interface Described {
  operationId?: string
  parameters?: { name: string; in: string; required?: boolean }[]
  requestBody?: object
  responses?: Record<string, { headers?: object }>
}
interface Document {
  paths?: Record<string, Record<string, unknown> | undefined>
}

const byName: Readonly<Record<string, Operation>> = Object.assign({}, ...Object.values(operations))

/** Adds what @fastify/swagger has no way to say: whether a header or a body is required, and the headers of answers. */
export function refine(document: object): object {
  for (const methods of Object.values((document as Document).paths ?? {})) {
    for (const described of Object.values(methods ?? {}) as Described[]) {
      const operation = byName[described.operationId ?? '']
      if (operation === undefined) throw new Error(`No operation is called ${described.operationId}`)
      for (const parameter of described.parameters ?? [])
        if (parameter.in === 'header' && needs(operation, parameter.name)) parameter.required = true
      if (described.requestBody !== undefined)
        described.requestBody = { ...described.requestBody, required: needsBody(operation) }
      for (const [status, answer] of Object.entries(described.responses ?? {})) {
        const headers = headersOf(operation, Number(status))
        if (Object.keys(headers).length > 0) answer.headers = headers
      }
    }
  }
  return document
}

const needs = (operation: Operation, header: string): boolean =>
  operation.needs?.some((needed) => needed === header) === true

/** An absent body is an empty one, unless it is bytes. */
const needsBody = ({ body, bytes }: Operation): boolean => {
  if (bytes?.request !== undefined) return true
  const {
    required = [],
    minProperties = 0,
    oneOf,
  } = body as { required?: string[]; minProperties?: number; oneOf?: unknown }
  return required.length > 0 || minProperties > 0 || oneOf !== undefined
}

const text = (description: string, example: string) => ({ description, schema: { type: 'string' }, example })
const described: Readonly<Record<AnswerHeader, { name: string; header: object }>> = {
  etag: { name: 'ETag', header: text('The version, for If-Match', '"3"') },
  location: {
    name: 'Location',
    header: text('The created thing, or where to go', '/v1/meetings/0190aaaa-0000-7000-8000-000000000001'),
  },
  'set-cookie': {
    name: 'Set-Cookie',
    header: text(
      'The refresh token for the browser, or an empty one that makes it forget; none where tokens go in the body',
      '__Host-parley_refresh=hH0…; Max-Age=2592000; Path=/; HttpOnly; Secure; SameSite=Strict',
    ),
  },
}
const waiting = new Set<number>([problems['rate-limited'].status, problems.unavailable.status])
const retryAfter = {
  description: 'Seconds to wait before the same request may succeed',
  schema: { type: 'integer', minimum: 1 },
  example: 5,
}

function headersOf({ sends }: Operation, status: number): Record<string, object> {
  const sent = (sends?.[status] ?? []).map((name) => [described[name].name, described[name].header] as const)
  return { ...Object.fromEntries(sent), ...(waiting.has(status) && { 'Retry-After': retryAfter }) }
}
