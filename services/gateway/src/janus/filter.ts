/** The requests that a client may send to Janus: be in its one room, as itself, and nothing else. */
export interface Allowed {
  room: string
  feed: string
  /** The sessions that were begun, or claimed, on this socket. */
  sessions: ReadonlySet<number>
  /** Most video that it may send, bits per second; null while that is not known. */
  bitrate: number | null
}

export type Verdict =
  /**
   * `begins`: the transaction of a `create`; `claims`: the session that is taken over if Janus agrees; `joins`: the transaction of a
   * join as publisher; `publishes`: the handle of that, or of what is published; `instead`: what goes to Janus in the place of the message.
   */
  | {
      kind: 'pass'
      token: string | null
      begins?: string
      claims?: { transaction: string; session: number }
      joins?: string
      publishes?: PublishingHandle
      instead?: string
    }
  /** `answer` goes to the client in the place of Janus' answer. */
  | { kind: 'refuse'; answer: string }

/** Where a client publishes. */
export interface PublishingHandle {
  session: number
  handle: number
}

type Fields = Readonly<Record<string, unknown>>

const plugin = 'janus.plugin.videoroom'
/** Codes of Janus. Source: `apierror.h`. */
const code = {
  unauthorized: 403,
  unknownRequest: 453,
  invalidJson: 454,
  noSuchSession: 458,
  noSuchPlugin: 460,
} as const

/** Of one's own place in the room; those that manage rooms need a secret that no client has, and are not let through all the same. */
const roomRequests: ReadonlySet<unknown> = new Set([
  'join',
  'joinandconfigure',
  'publish',
  'unpublish',
  'configure',
  'subscribe',
  'unsubscribe',
  'update',
  'start',
  'pause',
  'switch',
  'leave',
  'exists',
  'listparticipants',
])

/** Judges one message of a client. The answers to `info` and to admin requests of Janus are for the inside only. */
export function evaluate(text: string, allowed: Allowed): Verdict {
  const message = readFields(text)
  if (message === null) return refusal({}, code.invalidJson, 'A message is a JSON object')
  const { janus: verb, session_id: session } = message
  const token = typeof message['token'] === 'string' ? message['token'] : null
  if (verb === 'ping') return { kind: 'pass', token }
  if (verb === 'create') return create(message, token)
  if (typeof session !== 'number') return refusal(message, code.noSuchSession, 'The message names no session')
  if (verb === 'claim') return claim(message, session, token)
  if (!allowed.sessions.has(session))
    return refusal(message, code.noSuchSession, 'There is no such session on this socket')
  switch (verb) {
    case 'attach':
      if (message['plugin'] !== plugin) return refusal(message, code.noSuchPlugin, `The plugin must be ${plugin}`)
      return { kind: 'pass', token }
    case 'message':
      return judgeBody(message, allowed, token)
    case 'keepalive':
    case 'trickle':
    case 'hangup':
    case 'detach':
    case 'destroy':
      return { kind: 'pass', token }
    default:
      return refusal(message, code.unknownRequest, 'This request is not for clients')
  }
}

function create(message: Fields, token: string | null): Verdict {
  const { transaction, id } = message
  if (typeof transaction !== 'string' || id !== undefined)
    return refusal(message, code.unauthorized, 'A session is created with a transaction, and gets its id from Janus')
  return { kind: 'pass', token, begins: transaction }
}

function claim(message: Fields, session: number, token: string | null): Verdict {
  const { transaction } = message
  if (typeof transaction !== 'string') return refusal(message, code.unauthorized, 'A claim needs a transaction')
  return { kind: 'pass', token, claims: { transaction, session } }
}

function judgeBody(message: Fields, { room, feed, bitrate }: Allowed, token: string | null): Verdict {
  const body = isFields(message['body']) ? message['body'] : {}
  const { request } = body
  if (!roomRequests.has(request)) return refusal(message, code.unauthorized, 'This request is not for clients')
  const joins = request === 'join' || request === 'joinandconfigure'
  if ((joins || body['room'] !== undefined) && body['room'] !== room)
    return refusal(message, code.unauthorized, 'This is not the room of your janus-token')
  const capped = { kind: 'pass', token, ...withBitrate(message, body, bitrate) } as const
  if (request === 'publish') return { ...capped, ...publishes(message) }
  if (!joins || (request === 'join' && body['ptype'] === 'subscriber')) return capped
  if (body['id'] !== feed) return refusal(message, code.unauthorized, 'Join with the feed of your janus-token as id')
  const { transaction } = message
  return { ...capped, ...publishes(message), ...(typeof transaction === 'string' && { joins: transaction }) }
}

/** Janus gives a publisher whatever bitrate it asks for, also with `bitrate_cap`, and any with 0: so no more is asked for. */
function withBitrate(message: Fields, body: Fields, most: number | null): { instead?: string } {
  const { bitrate: asked, ...rest } = body
  if (asked === undefined || (typeof asked === 'number' && asked > 0 && most !== null && asked <= most)) return {}
  return { instead: JSON.stringify({ ...message, body: most === null ? rest : { ...rest, bitrate: most } }) }
}

const publishes = ({ session_id: session, handle_id: handle }: Fields): { publishes?: PublishingHandle } =>
  typeof session === 'number' && typeof handle === 'number' ? { publishes: { session, handle } } : {}

function readFields(text: string): Fields | null {
  try {
    const value: unknown = JSON.parse(text)
    return isFields(value) ? value : null
  } catch {
    return null
  }
}

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function refusal({ transaction, session_id: session }: Fields, number: number, reason: string): Verdict {
  const answer = {
    janus: 'error',
    ...(typeof session === 'number' && { session_id: session }),
    ...(typeof transaction === 'string' && { transaction }),
    error: { code: number, reason },
  }
  return { kind: 'refuse', answer: JSON.stringify(answer) }
}
