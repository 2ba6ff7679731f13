import type { AnswerOf, ClientPayload, ClientType, fromClient } from '@parley/contracts'
import type { Context } from '../context.ts'
import type { Connection, ParticipantSession } from '../session/session.ts'

/** The session in one of the states in which `T` is allowed. */
export type SessionFor<T extends ClientType> = Extract<
  ParticipantSession,
  { state: (typeof fromClient)[T]['when'][number] }
>

export interface Call<T extends ClientType> {
  context: Context
  connection: Connection
  session: SessionFor<T>
  payload: ClientPayload<T>
  /** Tells this request from others of its sender; undefined: the client gave it no id. */
  request?: string | undefined
}

/** The answer, and what is to be done right after it has been handed to the socket. */
export type Reply<T extends ClientType> = AnswerOf<T> extends null ? null : AnswerOf<T> & { after?: () => void }

export type Handler<T extends ClientType> = (call: Call<T>) => Reply<T> | Promise<Reply<T>>
export type Handlers = { [T in ClientType]: Handler<T> }

/** A handler as dispatch calls it, once the session's state has been checked against its row. */
export type AnyHandler = (call: {
  context: Context
  connection: Connection
  session: ParticipantSession
  payload: unknown
  request?: string | undefined
}) => AnyReply | Promise<AnyReply>
type AnyReply = { type: string; payload: object; after?: () => void } | null

/** The answer to what has nothing to say but that it was done. */
export const ack = { type: 'ack' as const, payload: {} }
