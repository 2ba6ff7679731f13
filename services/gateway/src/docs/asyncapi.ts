import {
  closeCodes,
  fromClient,
  fromServer,
  serverSummaries,
  subprotocol,
  wire,
  type ClientMessage,
  type ServerType,
} from '@parley/contracts'
import type { TSchema } from 'typebox'
import { extractTitled, withCodes } from './components.ts'

const channel = { $ref: '#/channels/realtime' }
const messageAt = (key: string) => ({ $ref: `#/channels/realtime/messages/${key}` })
const clientMessages = Object.entries<ClientMessage>(fromClient)
const serverMessages = Object.entries<TSchema>(fromServer) as [ServerType, TSchema][]

/**
 * The AsyncAPI 3.0 document of `/v1/ws`, as the server sees it. It is made from the messages of the contracts.
 */
export function createAsyncApi(version: string): object {
  const { document, schemas } = extractTitled({
    asyncapi: '3.1.0',
    info: { title: 'Parley realtime', version, description, license: { name: 'Apache-2.0' } },
    defaultContentType: 'application/json',
    servers: { gateway: { host: 'localhost:8080', protocol: 'ws', description: 'The gateway; wss behind TLS' } },
    channels: { realtime: realtime() },
    operations: { ...receives(), ...sends() },
  })
  return { ...document, components: { schemas: withCodes(schemas) } }
}

const closes = Object.entries(closeCodes).map(([name, { code, client }]) => `- ${code} ${name}: ${client}`)
const description = [
  `Subprotocol \`${subprotocol}\`; offer \`bearer.<accessToken>\` beside it, or send \`auth.authenticate\` within ${wire.authenticateWithinMs / 1000} s.`,
  `Text frames with JSON, at most ${wire.maxFrameBytes} bytes. A request with a requestId gets exactly one answer with the same requestId: one of its answers, or \`error\`.`,
  `Per second ${wire.message.perSecond} messages (burst ${wire.message.burst}), ${wire.signal.perSecond} signals (burst ${wire.signal.burst}).`,
  `Close codes and what a client does then (renew: refresh the access token, resume):\n${closes.join('\n')}`,
].join('\n\n')

function realtime(): object {
  return {
    address: '/v1/ws',
    title: 'The realtime connection',
    messages: { ...requests(), ...answers(), ...pushes() },
    bindings: {
      ws: {
        method: 'GET',
        query: {
          type: 'object',
          properties: { meeting: { type: 'string', description: 'Hint: people of one meeting go to one node' } },
        },
        headers: {
          type: 'object',
          properties: {
            'Sec-WebSocket-Protocol': { type: 'string', examples: [`${subprotocol}, bearer.<accessToken>`] },
          },
        },
        bindingVersion: '0.1.0',
      },
    },
  }
}

const keyOfRequest = (type: string): string => `client.${type}`
const keyOfAnswer = (request: string, type: string): string => `answer.${request}.${type}`
const keyOfPush = (type: string): string => `server.${type}`

function requests(): Record<string, object> {
  const rows = clientMessages.map(([type, { payload, when, needs, summary }]) => {
    const allowed = `Allowed while ${when.join(', ')}${needs === undefined ? '' : `; needs the permission ${needs}`}.`
    return [
      keyOfRequest(type),
      message(type, payload, { summary, description: allowed, requestId: 'optional' }),
    ] as const
  })
  return Object.fromEntries(rows)
}

function answers(): Record<string, object> {
  const rows = clientMessages.flatMap(([request, { answers: list }]) =>
    Object.entries(list).map(([type, payload]) => {
      const summary = `Answer to ${request}`
      return [keyOfAnswer(request, type), message(type, payload, { summary, requestId: 'required' })] as const
    }),
  )
  return Object.fromEntries(rows)
}

const pushes = (): Record<string, object> =>
  Object.fromEntries(
    serverMessages.map(([type, payload]) => [
      keyOfPush(type),
      message(type, payload, {
        summary: serverSummaries[type],
        requestId: type === 'error' ? 'optional' : 'none',
      }),
    ]),
  )

interface MessageNotes {
  summary?: string
  description?: string
  requestId: 'required' | 'optional' | 'none'
}

function message(type: string, payload: TSchema, { requestId, ...notes }: MessageNotes): object {
  const required = [
    'type',
    ...(requestId === 'required' ? ['requestId'] : []),
    ...(isEmpty(payload) ? [] : ['payload']),
  ]
  const id = requestId === 'none' ? {} : { requestId: { type: 'string', minLength: 1, maxLength: 64 } }
  return {
    name: type,
    ...notes,
    payload: { type: 'object', required, properties: { type: { const: type }, ...id, payload } },
  }
}

const isEmpty = (payload: TSchema): boolean =>
  'properties' in payload && Object.keys(payload['properties'] as object).length === 0

function receives(): Record<string, object> {
  const rows = clientMessages.map(([type, { summary, answers: list }]) => {
    const replies = Object.keys(list).map((name) => messageAt(keyOfAnswer(type, name)))
    const reply =
      replies.length === 0 ? {} : { reply: { channel, messages: [...replies, messageAt(keyOfPush('error'))] } }
    return [
      keyOfRequest(type),
      { action: 'receive', channel, summary, messages: [messageAt(keyOfRequest(type))], ...reply },
    ] as const
  })
  return Object.fromEntries(rows)
}

const sends = (): Record<string, object> =>
  Object.fromEntries(
    serverMessages.map(([type]) => [
      keyOfPush(type),
      { action: 'send', channel, summary: serverSummaries[type], messages: [messageAt(keyOfPush(type))] },
    ]),
  )
