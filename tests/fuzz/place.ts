import { once } from 'node:events'
import type { Meeting } from '@parley/contracts'
import WebSocket from 'ws'
import { roomTokenFor, type Account } from '../support/accounts.ts'
import { rest } from '../support/people.ts'
import type { Known } from './generate.ts'
import type { Judge } from './judge.ts'

/** The states of a session to fuzz in. */
export type SessionState = 'connected' | 'authenticated' | 'waiting' | 'joined'

export interface Seating {
  place: SessionState
  who: Account
  gateway: string
  meeting: SharedMeeting
  /** Waits until a socket may be opened there; until a REST call may be made. */
  mayOpen(): Promise<void>
  mayCall(): Promise<void>
  judge: Judge
}

/** The meeting of several clients; one of them may end it, and then they go on in another. */
export class SharedMeeting {
  #current: Promise<Meeting>
  readonly #create: () => Promise<Meeting>

  constructor(create: () => Promise<Meeting>) {
    this.#create = create
    this.#current = create()
  }

  get current(): Promise<Meeting> {
    return this.#current
  }

  replace(over: Promise<Meeting>): void {
    if (this.#current === over) this.#current = this.#create()
  }
}

/** The part of a session that a client keeps from one socket to the next. */
export interface Memory {
  known: Known
  session: { sessionId: string; resumeToken: string } | null
}

const openWithinMs = 10_000
/** Refusals of an upgrade that are documented: limits, an expired token, a node or gateway without room. */
const documented = new Set([401, 429, 503])

/** Resolves to an open socket, or null when the upgrade was refused in a documented way. */
export async function openSocket({ place, who, gateway, mayOpen, judge }: Seating): Promise<WebSocket | null> {
  await mayOpen()
  const protocols = place === 'connected' ? ['parley.v1'] : ['parley.v1', `bearer.${who.token}`]
  const socket = new WebSocket(`${gateway.replace('http', 'ws')}/v1/ws`, protocols)
  const refused = once(socket, 'unexpected-response').then(
    ([, response]) => (response as { statusCode: number }).statusCode,
  )
  const opened = once(socket, 'open', { signal: AbortSignal.timeout(openWithinMs) }).then(() => 101)
  socket.on('error', () => socket.terminate())
  const status = await Promise.race([opened, refused]).catch((error: unknown) => String(error))
  if (status === 101) return socket
  socket.terminate()
  judge.count(`upgrade ${status}`)
  if (status === 401) await renew(gateway, who)
  if (typeof status !== 'number' || !documented.has(status)) judge.fault(`an upgrade was answered with ${status}`)
  return null
}

/** The access token has run out: 15 minutes are over. */
async function renew(gateway: string, who: Account): Promise<void> {
  const { refreshToken } = who
  const { body } = await rest('POST', `${gateway}/v1/auth/refresh`, { body: { refreshToken, tokenDelivery: 'body' } })
  who.token = String(body['accessToken'])
  who.refreshToken = String(body['refreshToken'])
}

/** The messages that lead to the place: a resume if there is something to resume, else a join; null: one is there already. */
export async function entryOf(
  { place, who, gateway, meeting, mayCall }: Seating,
  { session, known }: Memory,
): Promise<{ type: string; payload: object } | null> {
  if (place === 'connected' || place === 'authenticated') return null
  if (session) return { type: 'room.resume', payload: { ...session, v: known.v } }
  await mayCall()
  const { current } = meeting
  const roomToken = await roomTokenFor(gateway, who, await current).catch((error: unknown) => {
    if (String(error).includes('meeting-over')) meeting.replace(current)
    throw error
  })
  return { type: 'room.join', payload: { roomToken, device: { mic: true, cam: true } } }
}

interface AnswerPayload {
  participantId?: string
  participant?: { id: string }
  selfParticipant?: { id: string }
  peers?: { id: string }[]
  sessionId?: string
  resumeToken?: string
  v?: number
}

const maxIds = 12

/** Learns from what the server says: who is here, which version, how to come back. */
export function learn(memory: Memory, type: string, payload: unknown): void {
  const {
    participant,
    participantId,
    selfParticipant,
    peers = [],
    sessionId,
    resumeToken,
    v,
  } = payload as AnswerPayload
  const { known } = memory
  const ids = [selfParticipant?.id, participant?.id, participantId, ...peers.map(({ id }) => id)].filter(
    (id) => id !== undefined && !known.ids.includes(id),
  ) as string[]
  if (ids.length > 0) memory.known = { ...known, ids: [...ids, ...known.ids].slice(0, maxIds) }
  if (v !== undefined) memory.known = { ...memory.known, v }
  if (resumeToken === undefined) return
  memory.session = { sessionId: sessionId ?? memory.session?.sessionId ?? '', resumeToken }
  if (type !== 'error') memory.known = { ...memory.known, tokens: [resumeToken, ...known.tokens].slice(0, 4) }
}
