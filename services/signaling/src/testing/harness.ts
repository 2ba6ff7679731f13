import {
  chatBus,
  meetingsBus,
  signalingBus,
  subprotocol,
  type Grant,
  type LobbyDecision,
  type Meeting,
  type Message,
  type Role,
} from '@parley/contracts'
import {
  answer,
  ask,
  createLogger,
  createMetrics,
  newId,
  ProblemError,
  readConfig,
  startService,
  systemClock,
  tell,
  type Bus,
  type Kv,
} from '@parley/kit'
import { createTestIssuer } from '@parley/kit/testing'
import { signalingService } from '../service.ts'
import { WireClient, type WireMessage } from './wire-client.ts'

const log = createLogger({ service: 'test', level: 'silent' })

export const aMeeting = (changed: Partial<Meeting> = {}): Meeting => ({
  id: newId(),
  code: 'abc-defg-hij',
  joinLink: 'http://localhost/m/abc-defg-hij',
  title: 'Test',
  description: '',
  type: 'public',
  status: 'waiting',
  hostId: newId(),
  scheduledAt: null,
  durationMinutes: null,
  timeZone: 'UTC',
  hasPasscode: false,
  maxParticipants: 50,
  settings: {
    video: true,
    audio: true,
    screenShare: true,
    chat: true,
    waitingRoom: false,
    recording: false,
    guestsAllowed: true,
    topology: 'auto',
  },
  version: 1,
  createdAt: new Date().toISOString(),
  startedAt: null,
  endedAt: null,
  ...changed,
})

/** Some signaling nodes on one bus and one store; the other services are answered for on the bus, with real tokens. */
export async function startNodes(count: number, { bus, kv }: { bus: Bus; kv: Kv }) {
  const issuer = createTestIssuer(bus, log)
  const grants = new Map<string, Grant>()
  const messages = new Map<string, Message[]>()
  answerForOthers(bus, grants, messages)
  standInForMeetings(bus)
  const nodes = await Promise.all(
    Array.from({ length: count }, (_, index) => {
      const config = { ...readConfig(signalingService.config, { DRAIN_MS: '500', LOG_LEVEL: 'silent' }) }
      const world = {
        bus,
        kv,
        metrics: createMetrics(),
        log,
        clock: systemClock,
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
    admission: Grant['admission'] = 'enter',
  ) => {
    const roomToken = newId()
    const userId = role === 'host' ? meeting.hostId : newId()
    grants.set(roomToken, { participantId: newId(), userId, name, role, guest: role === 'guest', meeting, admission })
    return { roomToken, userId, token: issuer.token({ sub: userId, name }) }
  }

  return {
    issuer,
    nodes,
    url,
    grant,
    async connect(node: number, token?: string): Promise<WireClient> {
      return await new WireClient(url(node), token ? [subprotocol, `bearer.${token}`] : [subprotocol]).open()
    },
    /** Connects and joins; the joined payload is the second element. */
    async join(node: number, meeting: Meeting, name: string, role?: Role) {
      const { roomToken, token } = grant(meeting, name, role)
      const client = await new WireClient(url(node), [subprotocol, `bearer.${token}`]).open()
      const joined = await client.ask('room.join', { roomToken, device: { mic: true, cam: true } })
      if (joined.type !== 'room.joined') throw new Error(JSON.stringify(joined))
      return { client, token, id: selfId(joined), joined: joined.payload }
    },
    async stop(): Promise<void> {
      await Promise.all(nodes.map((node) => node.stop()))
    },
  }
}

const selfId = ({ payload }: WireMessage): string => (payload['selfParticipant'] as { id: string }).id

function answerForOthers(bus: Bus, grants: Map<string, Grant>, messages: Map<string, Message[]>): void {
  answer(
    bus,
    meetingsBus.redeem,
    'meetings',
    async ({ roomToken, userId }) => {
      const grant = grants.get(roomToken)
      if (!grant || grant.userId !== userId) throw new ProblemError('room-token-invalid')
      grants.delete(roomToken)
      if (grant.admission === 'wait') queueOf(grant.meeting.id).push(grant)
      return grant
    },
    log,
  )
  answer(bus, chatBus.head, 'chat', async ({ meetingId }) => ({ seq: messages.get(meetingId)?.length ?? 0 }), log)
  answer(
    bus,
    chatBus.send,
    'chat',
    async ({ meetingId, sender, clientMessageId, text }) => {
      const said = messages.get(meetingId) ?? []
      messages.set(meetingId, said)
      const known = said.find((message) => message.clientMessageId === clientMessageId)
      if (known) return { message: known }
      const message: Message = {
        id: newId(),
        seq: said.length + 1,
        type: 'text',
        text,
        sender,
        clientMessageId,
        sentAt: new Date().toISOString(),
      }
      said.push(message)
      tell(bus, signalingBus.room, { meetingId }, { kind: 'chat', type: 'chat.message', message })
      return { message }
    },
    log,
  )
}

/** Lobbies as meetings would have them written down: who waits, in order, and what was decided. */
const queues = new Map<string, Grant[]>()
const decisions = new Map<string, LobbyDecision>()
let lv = 0
const queueOf = (meetingId: string): Grant[] => {
  const queue = queues.get(meetingId) ?? []
  queues.set(meetingId, queue)
  lv += 1
  return queue
}

/** The answers of the meetings service that signaling depends on, without its database and its rules. */
function standInForMeetings(bus: Bus): void {
  const hint = (meetingId: string) => tell(bus, signalingBus.room, { meetingId }, { kind: 'lobby', lv })
  answer(
    bus,
    meetingsBus.lobby,
    'meetings',
    async ({ meetingId, present }) => ({
      lv,
      lobby: (queues.get(meetingId) ?? []).map(({ participantId, userId, name, guest }, index) => ({
        participantId,
        userId,
        name,
        guest,
        position: index + 1,
        askedAt: new Date().toISOString(),
      })),
      decided: present.flatMap((id) => decisions.get(id) ?? []),
    }),
    log,
  )
  answer(
    bus,
    meetingsBus.decideLobby,
    'meetings',
    async ({ meetingId, participantId, admit }) => {
      const queue = queueOf(meetingId)
      const chosen = queue.filter((grant) => participantId === null || grant.participantId === participantId)
      queues.set(
        meetingId,
        queue.filter((grant) => !chosen.includes(grant)),
      )
      for (const grant of chosen) {
        const id = grant.participantId
        decisions.set(
          id,
          admit
            ? { participantId: id, admitted: true, grant: { ...grant, admission: 'enter' } }
            : { participantId: id, admitted: false, reason: 'rejected' },
        )
      }
      hint(meetingId)
      return { count: chosen.length }
    },
    log,
  )
  answer(
    bus,
    meetingsBus.leaveLobby,
    'meetings',
    async ({ meetingId, participantId }) => {
      queues.set(
        meetingId,
        queueOf(meetingId).filter((grant) => grant.participantId !== participantId),
      )
      hint(meetingId)
      return {}
    },
    log,
  )
  answer(
    bus,
    meetingsBus.remove,
    'meetings',
    async ({ meetingId, userId }) =>
      ask(bus, signalingBus.command, { meetingId, command: { kind: 'remove', userId, reason: 'removed' } }),
    log,
  )
  answer(
    bus,
    meetingsBus.setRole,
    'meetings',
    async ({ meetingId, userId, role }) =>
      ask(bus, signalingBus.command, { meetingId, command: { kind: 'role', userId, role } }),
    log,
  )
}
