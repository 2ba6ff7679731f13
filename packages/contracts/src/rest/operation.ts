import Type, { type TObject, type TSchema } from 'typebox'
import type { ProblemCode } from '../problems.ts'

export type HttpMethod = Operation['method']
export type ServiceName = 'auth' | 'meetings' | 'chat' | 'media' | 'signaling'

/** Bytes as they are, of a file. */
export const Bytes = Type.String({ contentMediaType: 'application/octet-stream', format: 'binary' })

/** A file of JSON, sent as it is made. */
export const JsonFile = Type.Unknown({ contentMediaType: 'application/json', description: 'A JSON object' })

/** Server-sent events, as section 9.2 of the HTML standard describes them. */
export const EventStream = Type.String({ contentMediaType: 'text/event-stream' })

/**
 * Whether a request may be repeated whose answer was lost after it may have been carried out.
 * `always`: it may be sent again. Its effect is the same as of one; should that be to delete, the second answer may be
 * `not-found`. `key`: with an `Idempotency-Key` it may: it is carried out once, and answered with the first answer, see
 * `once` in the kit. `never`: only its sender knows. A POST makes something or gives an order, so nature never protects it.
 */
type Repeating =
  | { method: 'GET'; repeat?: never }
  | { method: 'POST'; repeat: 'key' | 'never' }
  | { method: 'PUT' | 'PATCH' | 'DELETE'; repeat: 'always' | 'never' }

/**
 * One REST operation: the row from which the route, its validation, the OpenAPI document, the gateway's routing and the
 * client's types come.
 */
export type Operation = OperationParts & Repeating

interface OperationParts {
  /** With `:name` parameters, beginning with `/v1/`. */
  path: `/${string}`
  summary: string
  /** Rows of the product table that it serves. */
  rows: readonly string[]
  /** The callers: `none` anybody, `user` an account, `any` an account or a guest. */
  auth: 'none' | 'user' | 'any'
  params?: TObject
  query?: TObject
  body?: TObject
  headers?: TObject
  /**
   * Headers that it needs though their schema has them optional: who may call it, and sends none, gets `precondition-required`;
   * who may not is told that first.
   */
  needs?: readonly ['if-match']
  /** Bodies of the successful answers by status; `null` where there is none. */
  answers: Readonly<Record<number, TSchema | null>>
  /** Headers of those answers that clients build on, by status. Each is always there but `set-cookie`, which a client may do without. */
  sends?: Readonly<Record<number, readonly AnswerHeader[]>>
  /**
   * The answer 200 is a stream of server-sent events: it has no end, no deadline, and is not buffered. `events` has the schema
   * of each event's data by the event's name. `hint`: the path parameter whose streams one node should serve while it can.
   */
  stream?: { events: Readonly<Record<string, TSchema>>; hint?: string }
  /**
   * Bodies that are bytes instead of JSON; nobody on the way keeps them whole. `request`: that of the request, of at most
   * `maxBytes`. `answer`: those of the answers 200 and 206.
   */
  bytes?: { request?: { maxBytes: number }; answer?: true }
  /** Problems it may answer with, besides those that any operation may. */
  problems: readonly ProblemCode[]
  /** An extra limit, besides the gateway's general one: `points` calls per `seconds`. */
  limit?: { by: 'address' | 'principal'; points: number; seconds: number }
}

/** `etag`: the version, for If-Match. `location`: what was made, or where to go. `set-cookie`: see `tokenDelivery`. */
export type AnswerHeader = 'etag' | 'location' | 'set-cookie'

export type Operations = Readonly<Record<string, Operation>>
