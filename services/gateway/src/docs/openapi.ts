import swagger from '@fastify/swagger'
import {
  Bytes,
  headersOf,
  operations,
  Problem,
  problems,
  problemsOf,
  type Operation,
  type ProblemCode,
} from '@parley/contracts'
import { fastify, type FastifySchema } from 'fastify'
import { extractTitled, withCodes } from './components.ts'
import { refine } from './refine.ts'

/** The problems of any operation, besides its own. */
const general: readonly ProblemCode[] = [
  'invalid-input',
  'origin-not-allowed',
  'headers-too-large',
  'rate-limited',
  'internal',
  'unavailable',
  'deadline-exceeded',
]

const tags = [
  { name: 'auth', description: 'Accounts, sessions, tokens, guests' },
  { name: 'meetings', description: 'Meetings and who may enter them' },
  { name: 'chat', description: 'Messages of a meeting' },
  { name: 'media', description: 'Files, the SFU, recordings' },
  { name: 'signaling', description: 'Event streams, and what the realtime parts need' },
]

/** The OpenAPI 3.1 document of the whole product, made from the operations of the contracts. */
export async function createOpenApi(version: string): Promise<object> {
  const app = fastify()
  app.setValidatorCompiler(() => () => true)
  app.setSerializerCompiler(() => JSON.stringify)
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Parley',
        version,
        description:
          'Video meetings: accounts, meetings, chat. The WebSocket has [messages](/docs/realtime) of its own, also as [AsyncAPI](/asyncapi.json).',
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      servers: [{ url: '/' }],
      tags,
      components: { securitySchemes: { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } } },
    },
  })
  for (const [service, list] of Object.entries(operations)) {
    for (const [name, operation] of Object.entries<Operation>(list)) {
      const schema = schemaOf(service, name, operation)
      app.route({
        method: operation.method,
        url: operation.path,
        exposeHeadRoute: false,
        schema,
        handler: async () => null,
      })
    }
  }
  await app.ready()
  const { document, schemas } = extractTitled(refine(app.swagger()))
  await app.close()
  const components = { ...(document['components'] as object), schemas: withCodes(schemas) }
  return { ...document, components }
}

function schemaOf(service: string, name: string, operation: Operation): FastifySchema {
  const { summary, rows, auth, params, query, body } = operation
  const headers = headersOf(operation)
  return {
    operationId: name,
    tags: [service],
    summary,
    description: `${callers[auth]} Serves ${rows.join(', ')}.${limitOf(operation)}`,
    security: auth === 'none' ? [] : [{ bearer: [] }],
    ...(params === undefined ? {} : { params }),
    ...(query === undefined ? {} : { querystring: query }),
    ...(body === undefined ? {} : { body }),
    ...(operation.bytes?.request === undefined ? {} : { body: Bytes, consumes: ['application/octet-stream'] }),
    ...(headers === undefined ? {} : { headers }),
    response: { ...successes(operation), ...failures(operation) },
  }
}

const callers = { none: 'Anybody may call it.', user: 'For accounts.', any: 'For accounts and guests.' } as const

const limitOf = ({ limit }: Operation): string =>
  limit === undefined
    ? ''
    : ` At most ${limit.points} calls per ${limit.seconds} s of one ${limit.by === 'address' ? 'address' : 'person'}.`

function successes({ answers, stream }: Operation): Record<string, object> {
  const rows = Object.entries(answers).map(([status, schema]) => {
    if (schema === null) return [status, { description: 'Done', type: 'null' }] as const
    return [
      status,
      {
        description: status === '201' ? 'Created' : 'OK',
        content: { [mediaTypeOf(schema)]: { schema, ...(stream && { 'x-events': stream.events }) } },
      },
    ] as const
  })
  return Object.fromEntries(rows)
}

/** JSON, unless the schema is a text of another type. */
const mediaTypeOf = (schema: object): string =>
  'contentMediaType' in schema ? String(schema.contentMediaType) : 'application/json'

/** One answer per status, with the codes that share it. */
function failures(operation: Operation): Record<string, object> {
  const byStatus = new Map<number, ProblemCode[]>()
  for (const code of new Set([...codesOf(operation), ...problemsOf(operation), ...general])) {
    const { status } = problems[code]
    byStatus.set(status, [...(byStatus.get(status) ?? []), code])
  }
  const rows = [...byStatus].map(([status, codes]) => {
    const description = codes.map((code) => `\`${code}\`: ${problems[code].title}`).join('; ')
    return [String(status), { description, content: { 'application/problem+json': { schema: Problem } } }] as const
  })
  return Object.fromEntries(rows)
}

function codesOf({ auth, method }: Operation): ProblemCode[] {
  return [
    ...(method === 'GET' ? [] : (['malformed-json', 'too-large', 'unsupported-media-type'] as const)),
    ...(auth === 'none' ? [] : (['unauthenticated', 'token-expired'] as const)),
    ...(auth === 'user' ? (['forbidden'] as const) : []),
  ]
}
