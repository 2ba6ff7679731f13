import { chatBus, meetingsBus, signalingBus, type Message, type Problem } from '@parley/contracts'
import {
  respond,
  request,
  subscribe,
  newId,
  ProblemError,
  readConfig,
  startService,
  publish,
  type StartedService,
} from '@parley/kit'
import { createTestIssuer } from '@parley/kit/testing'
import type { Kysely } from 'kysely'
import type { Static } from 'typebox'
import { chatService } from '../service.ts'
import type { ChatTables } from '../tables.ts'
import { log, type Stage } from './stages.ts'

type Access = Static<typeof meetingsBus.access.output>
export interface Page {
  items: Message[]
  nextCursor: string | null
}
export interface Answered<Body> {
  status: number
  body: Body
  headers: Headers
}

/** Only where the limit is what is tested does it stand in the way. */
const noLimit = { CHAT_LIMIT_MESSAGES: '0' }
const member: Access = { role: 'participant', name: 'Ann', mayChat: true, over: false }

/** A message, and where it is. */
export interface Sent {
  meetingId: string
  id: string
}

export type Harness = Awaited<ReturnType<typeof createHarness>>

/** Two replicas of the service, and stand-ins for auth and meetings. */
export async function createHarness(stage: Stage, env: Record<string, string> = noLimit) {
  const [world] = stage.worlds
  const { bus, database } = world
  if (database === undefined) throw new Error('The stage has no database')
  const issuer = createTestIssuer(bus, log)
  const meetings = standInForMeetings(stage)
  const config = readConfig(chatService.config, { NODE_ENV: 'test', LOG_LEVEL: 'error', ...env })
  const replicas: StartedService[] = []
  for (const one of stage.worlds) replicas.push(await startService(chatService, { config, world: one }))
  const [first, second] = replicas
  if (first === undefined || second === undefined) throw new Error('The replicas did not start')

  const call = async <Body>(
    url: string,
    { token, body, method, key }: { token: string; body?: unknown; method?: 'PATCH' | 'DELETE'; key?: string },
  ): Promise<Answered<Body>> => {
    const response = await fetch(url, {
      method: method ?? (body === undefined ? 'GET' : 'POST'),
      headers: {
        authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(key === undefined ? {} : { 'idempotency-key': key }),
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
    const text = await response.text()
    return { status: response.status, body: (text === '' ? {} : JSON.parse(text)) as Body, headers: response.headers }
  }
  const pathOf = (meetingId: string, replica: StartedService = first) =>
    `${replica.url}/v1/meetings/${meetingId}/messages`
  return {
    bus,
    replicas: [first, second] as const,
    db: database.schema<ChatTables>('chat'),
    meetings,
    token: (userId: string = newId(), typ: 'access' | 'guest' = 'access') =>
      issuer.token({ sub: userId, name: 'Ann', typ }),
    post: (meetingId: string, token: string, body: unknown, replica?: StartedService) =>
      call<Message & Problem>(pathOf(meetingId, replica), { token, body }),
    /** Under an `Idempotency-Key`. */
    postUnder: (
      key: string,
      { meetingId, token, body }: { meetingId: string; token: string; body: unknown },
      replica?: StartedService,
    ) => call<Message & Problem>(pathOf(meetingId, replica), { token, body, key }),
    edit: ({ meetingId, id }: Sent, token: string, text: string, replica?: StartedService) =>
      call<Message & Problem>(`${pathOf(meetingId, replica)}/${id}`, { token, method: 'PATCH', body: { text } }),
    delete: ({ meetingId, id }: Sent, token: string, replica?: StartedService) =>
      call<Partial<Problem>>(`${pathOf(meetingId, replica)}/${id}`, { token, method: 'DELETE' }),
    list: (meetingId: string, token: string, query: Record<string, string | number> = {}) =>
      call<Page & Problem>(`${pathOf(meetingId)}?${searchOf(query)}`, { token }),
    /** As signaling does it; either replica answers. */
    send: (draft: Partial<Static<typeof chatBus.send.input>>) =>
      request(bus, chatBus.send, { ...newDraft(), ...draft }),
    change: {
      edit: (edit: Static<typeof chatBus.edit.input>) => request(bus, chatBus.edit, edit),
      delete: (deletion: Static<typeof chatBus.delete.input>) => request(bus, chatBus.delete, deletion),
      system: (notice: Static<typeof chatBus.system.input>) => request(bus, chatBus.system, notice),
    },
    head: (meetingId: string) => request(bus, chatBus.head, { meetingId }),
    heads: async (meetingIds: string[]) => (await request(bus, chatBus.heads, { meetingIds })).heads,
    async stop() {
      for (const replica of replicas) await replica.stop()
    },
  }
}

const searchOf = (query: Record<string, string | number>): string =>
  new URLSearchParams(Object.entries(query).map(([name, value]): [string, string] => [name, `${value}`])).toString()

export const newDraft = () => ({
  meetingId: newId(),
  sender: { id: newId(), name: 'Ann' },
  clientMessageId: newId(),
  text: 'hello',
})

/** The announcements to the room from now on, told once or again: new messages, or changed ones. */
export async function hearRoom(
  { bus }: Pick<Harness, 'bus'>,
  meetingId: string,
  type: 'chat.message' | 'chat.updated' = 'chat.message',
  again = false,
): Promise<Message[]> {
  const heard: Message[] = []
  const subscription = subscribe(
    bus,
    signalingBus.roomChat,
    { meetingId },
    (news) => {
      if (news.type === type && (news.again ?? false) === again) heard.push(news.message)
    },
    log,
  )
  await subscription.ready()
  return heard
}

/**
 * Everybody is a member of every meeting, until `set` says otherwise; counts how often it was asked about a meeting.
 * `remove` tells that somebody has been removed, unless that gets lost.
 */
function standInForMeetings({ worlds: [{ bus }] }: Stage) {
  const said = new Map<string, Partial<Access> | ProblemError>()
  const asked = new Map<string, number>()
  respond(
    bus,
    meetingsBus.access,
    'meetings',
    async ({ meetingId }) => {
      asked.set(meetingId, (asked.get(meetingId) ?? 0) + 1)
      const access = said.get(meetingId)
      if (access instanceof ProblemError) throw access
      return { ...member, ...access }
    },
    log,
  )
  return {
    set: (meetingId: string, access: Partial<Access> | ProblemError) => void said.set(meetingId, access),
    remove(meetingId: string, userId: string, how: 'told' | 'lost' = 'told') {
      said.set(meetingId, new ProblemError('not-found'))
      if (how === 'told') publish(bus, meetingsBus.accessChanged, {}, { meetingId, userId })
    },
    asked: (meetingId: string) => asked.get(meetingId) ?? 0,
  }
}

/** The numbers of a meeting's stored messages, in order. */
export const storedIn = (db: Kysely<ChatTables>, meetingId: string) =>
  db.selectFrom('messages').selectAll().where('meeting_id', '=', meetingId).orderBy('seq').execute()
