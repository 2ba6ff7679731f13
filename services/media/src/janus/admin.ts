import { randomUUID } from 'node:crypto'
import Type, { type Static, type TSchema } from 'typebox'
import { Check } from 'typebox/value'
import { JanusAwayError, JanusError } from './janus-error.ts'
import type { JanusServer } from './servers.ts'

const Failed = Type.Object({
  janus: Type.Literal('error'),
  error: Type.Object({ code: Type.Number(), reason: Type.String() }),
})
const Sessions = Type.Object({ sessions: Type.Array(Type.Number()) })
const Handles = Type.Object({ handles: Type.Array(Type.Number()) })
const HandleInfo = Type.Object({ info: Type.Record(Type.String(), Type.Unknown()) })

/** The admin API of one Janus, over HTTP. Every call rejects with JanusError or JanusAwayError. */
export interface JanusAdmin {
  /** Whether it answers in time. Never rejects. */
  alive(): Promise<boolean>
  sessions(): Promise<number[]>
  handles(sessionId: number): Promise<number[]>
  handleInfo(sessionId: number, handleId: number): Promise<Record<string, unknown>>
  destroySession(sessionId: number): Promise<void>
}

/** `answerMs`: how long each answer may take. */
export function createJanusAdmin(
  { adminUrl }: JanusServer,
  { adminSecret, answerMs }: { adminSecret: string; answerMs: number },
): JanusAdmin {
  async function ask<S extends TSchema>(schema: S, path: string, request: Record<string, unknown>): Promise<Static<S>> {
    const body = JSON.stringify({ ...request, transaction: randomUUID(), admin_secret: adminSecret })
    const answer = await post(`${adminUrl}${path}`, body, answerMs)
    if (Check(Failed, answer)) throw new JanusError(answer.error.code, answer.error.reason)
    if (!Check(schema, answer)) throw new JanusAwayError('The admin API answered something else')
    return answer
  }
  return {
    alive: () =>
      ask(Type.Object({ janus: Type.Literal('pong') }), '', { janus: 'ping' }).then(
        () => true,
        () => false,
      ),
    sessions: async () => (await ask(Sessions, '', { janus: 'list_sessions' })).sessions,
    handles: async (sessionId) => (await ask(Handles, `/${sessionId}`, { janus: 'list_handles' })).handles,
    handleInfo: async (sessionId, handleId) =>
      (await ask(HandleInfo, `/${sessionId}/${handleId}`, { janus: 'handle_info' })).info,
    destroySession: async (sessionId) =>
      void (await ask(Type.Object({ janus: Type.Literal('success') }), `/${sessionId}`, { janus: 'destroy_session' })),
  }
}

async function post(url: string, body: string, answerMs: number): Promise<unknown> {
  try {
    const answer = await fetch(url, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json' },
      redirect: 'error',
      signal: AbortSignal.timeout(answerMs),
    })
    return await answer.json()
  } catch (cause) {
    throw new JanusAwayError('The admin API does not answer', { cause })
  }
}
