import {
  chatBus,
  signalingBus,
  subprotocol,
  type AdmissionGrant,
  type Meeting,
  type Message,
  type Role,
} from '@parley/contracts'
import {
  respond,
  createLogger,
  createMetrics,
  newId,
  ProblemError,
  readConfig,
  startService,
  systemClock,
  publish,
  type Bus,
  type Clock,
  type Kv,
} from '@parley/kit'
import { createTestIssuer } from '@parley/kit/testing'
import { signalingService } from '../service.ts'
import { standInForMeetings } from './meetings-stand-in.ts'
import { WireClient, type WireMessage } from './wire-client.ts'

export { aMeeting } from './a-meeting.ts'

const log = createLogger({ service: 'test', level: 'silent' })

/** Some signaling nodes on one bus and one store; the other services are answered for on the bus, with real tokens. */
export async function startNodes(
  count: number,
  {
    bus,
    kv,
    busOf = () => bus,
    kvOf = () => kv,
    clockOf = () => systemClock,
    env = {},
  }: {
    bus: Bus
    kv: Kv
    busOf?: (node: number) => Bus
    kvOf?: (node: number) => Kv
    clockOf?: (node: number) => Clock
    env?: Record<string, string>
  },
) {
  const issuer = createTestIssuer(bus, log)
  const grants = new Map<string, AdmissionGrant>()
  const messages = new Map<string, Message[]>()
  const chat = standInForChat(bus, messages)
  const meetings = standInForMeetings(bus, grants)
  const nodes = await Promise.all(
    Array.from({ length: count }, (_, index) => {
      const config = { ...readConfig(signalingService.config, { DRAIN_MS: '500', LOG_LEVEL: 'silent', ...env }) }
      const world = {
        bus: busOf(index),
        kv: kvOf(index),
        metrics: createMetrics(),
        log,
        clock: clockOf(index),
        instanceId: `node-${index}-${newId().slice(-6)}`,
      }
      return startService(signalingService, { config, world })
    }),
  )
  const url = (node: number) => `${nodes[node]?.url.replace('http', 'ws')}/v1/ws`
  const grant = (
    meeting: Meeting,
    name: string,
    role: Role = 'participant',
    admission: AdmissionGrant['admission'] = 'enter',
  ) => {
    const roomToken = newId()
    const userId = role === 'host' ? meeting.hostId : newId()
    grants.set(roomToken, { participantId: newId(), userId, name, role, guest: role === 'guest', meeting, admission })
    return { roomToken, userId, token: issuer.token({ sub: userId, name }) }
  }

  return {
    issuer,
    nodes,
    messages,
    url,
    grant,
    async connect(node: number, token?: string): Promise<WireClient> {
      return await new WireClient(url(node), token ? [subprotocol, `bearer.${token}`] : [subprotocol]).open()
    },
    /** Connects and joins; the joined payload is the second element. */
    async join(node: number, meeting: Meeting, name: string, role?: Role) {
      const { roomToken, token, userId } = grant(meeting, name, role)
      const client = await new WireClient(url(node), [subprotocol, `bearer.${token}`]).open()
      const joined = await client.ask('room.join', { roomToken, device: { mic: true, cam: true } })
      if (joined.type !== 'room.joined') throw new Error(JSON.stringify(joined))
      return { client, token, userId, id: selfId(joined), joined: joined.payload }
    },
    ...meetings,
    ...chat,
    async stop(): Promise<void> {
      await Promise.all(nodes.map((node) => node.stop()))
    },
  }
}

const selfId = ({ payload }: WireMessage): string => (payload['selfParticipant'] as { id: string }).id

function standInForChat(bus: Bus, messages: Map<string, Message[]>) {
  let silent = false
  const announce = (meetingId: string, message: Message, again = false): void => {
    if (!silent)
      publish(bus, signalingBus.roomChat, { meetingId }, { kind: 'chat', type: 'chat.message', message, again })
  }
  standInForChanges(bus, messages)
  const headOf = (meetingId: string) => {
    const said = messages.get(meetingId) ?? []
    return { meetingId, seq: said.length, rev: Math.max(0, ...said.map(({ rev = 0 }) => rev)) }
  }
  respond(bus, chatBus.head, 'chat', async ({ meetingId }) => headOf(meetingId), log)
  respond(bus, chatBus.heads, 'chat', async ({ meetingIds }) => ({ heads: meetingIds.map(headOf) }), log)
  respond(
    bus,
    chatBus.after,
    'chat',
    async ({ meetingId, by, number, limit }) => ({
      messages: (messages.get(meetingId) ?? [])
        .filter((message) => (message[by] ?? 0) > number)
        .sort((one, other) => (one[by] ?? 0) - (other[by] ?? 0))
        .slice(0, limit),
    }),
    log,
  )
  respond(
    bus,
    chatBus.send,
    'chat',
    async ({ meetingId, sender, clientMessageId, text }) => {
      const said = messages.get(meetingId) ?? []
      messages.set(meetingId, said)
      const known = said.find((message) => message.clientMessageId === clientMessageId)
      if (known) {
        announce(meetingId, known, true)
        return { message: known }
      }
      const message: Message = {
        id: newId(),
        seq: said.length + 1,
        type: 'text',
        ...(text === undefined ? {} : { text }),
        sender,
        clientMessageId,
        sentAt: new Date().toISOString(),
      }
      said.push(message)
      announce(meetingId, message)
      return { message }
    },
    log,
  )
  return {
    /** Messages stored from now on are told to nobody, as by a process that dies after the commit. */
    loseAnnouncements: (lose: boolean): void => void (silent = lose),
  }
}

/** Edits and deletions as the chat service has them, without its database. */
function standInForChanges(bus: Bus, messages: Map<string, Message[]>): void {
  let rev = 0
  const change = (meetingId: string, messageId: string, how: (message: Message) => Message): { message: Message } => {
    const said = messages.get(meetingId) ?? []
    const index = said.findIndex(({ id }) => id === messageId)
    const found = said[index]
    if (!found) throw new ProblemError('not-found')
    const message = { ...how(found), rev: (rev += 1) }
    said[index] = message
    publish(bus, signalingBus.roomChat, { meetingId }, { kind: 'chat', type: 'chat.updated', message })
    return { message }
  }
  respond(
    bus,
    chatBus.edit,
    'chat',
    async ({ meetingId, messageId, userId, text }) =>
      change(meetingId, messageId, (message) => {
        if (message.sender.id !== userId) throw new ProblemError('forbidden')
        return { ...message, text, editedAt: new Date().toISOString() }
      }),
    log,
  )
  respond(
    bus,
    chatBus.delete,
    'chat',
    async ({ meetingId, messageId, userId, moderator }) =>
      change(meetingId, messageId, ({ text: _text, ...message }) => {
        if (message.sender.id !== userId && !moderator) throw new ProblemError('forbidden')
        return { ...message, deletedAt: new Date().toISOString() }
      }),
    log,
  )
}
