import type { Message, Participant } from '@parley/contracts'
import type { WebSocket } from 'ws'
import { startTestGateway, problem, type TestGateway } from './gateway.ts'
import { id, sampleMeeting, sampleParticipant, sampleUser } from './samples.ts'

export interface Received {
  type: string
  requestId?: string
  payload: Record<string, unknown>
}
type Answering = (message: Received, socket: WebSocket) => { type: string; payload: unknown } | null | undefined

interface Seat {
  participant: Participant
  sessionId: string
  resumeToken: string
  socket: WebSocket | null
}

/** One meeting behind a test gateway: joins, resumes, chat, hands and media, as `parley.v1` has them; and ways to disturb it. */
export class MeetingServer {
  readonly gateway: TestGateway
  readonly received: Received[] = []
  readonly tokens: string[] = []
  readonly messages: Message[] = []
  readonly seats: Seat[] = []
  v = 0
  chatRev = 0
  expiresIn = 900
  /** Looked at before the usual answer; undefined: the usual one; null: none. */
  answering: Answering = () => undefined
  /** Broadcasts get lost. */
  deaf = false
  iceServers: unknown[] = []

  private constructor(gateway: TestGateway) {
    this.gateway = gateway
  }

  static async start(): Promise<MeetingServer> {
    const gateway = await startTestGateway()
    const server = new MeetingServer(gateway)
    let users = 0
    let tokens = 0
    const signIn = () => ({
      user: sampleUser(600 + users),
      accessToken: `access-${++tokens}`,
      tokenType: 'Bearer',
      expiresIn: server.expiresIn,
      refreshToken: `refresh-token-number-${tokens}`,
    })
    gateway.on('POST /v1/auth/guest', () => (users++, { status: 201, body: signIn() }))
    gateway.on('POST /v1/auth/refresh', () => ({ status: 200, body: signIn() }))
    gateway.on('POST /v1/meetings/join', () => {
      const joining = {
        meeting: sampleMeeting(),
        roomToken: `room-${users}-${Math.random()}`,
        expiresIn: 120,
        signalingUrl: gateway.wsUrl,
      }
      return { status: 200, body: joining }
    })
    gateway.on(`GET /v1/meetings/${id(1000)}/messages`, ({ url }) => {
      const [after, before, since, limit] = ['afterSeq', 'beforeSeq', 'changedSince', 'limit'].map((name) =>
        url.searchParams.get(name),
      )
      const items = server.messages.filter(
        ({ seq, rev = 0 }) => seq > Number(after ?? 0) && seq < Number(before ?? Infinity) && rev > Number(since ?? -1),
      )
      const inOrder = since === null ? items : items.toSorted((a, b) => (a.rev ?? 0) - (b.rev ?? 0))
      const page = after === null && since === null ? items.toReversed() : inOrder
      return { status: 200, body: { items: page.slice(0, Number(limit ?? 50)), nextCursor: null } }
    })
    gateway.onSocket((socket, request) => {
      server.tokens.push(/bearer\.(\S+)/.exec(request.headers['sec-websocket-protocol'] ?? '')?.[1] ?? '')
      socket.on('message', (data) => server.#receive(socket, JSON.parse(String(data)) as Received))
      socket.on('close', () => {
        for (const seat of server.seats) if (seat.socket === socket) seat.socket = null
      })
    })
    return server
  }

  /** The newest seat. */
  get seat(): Seat {
    const seat = this.seats.at(-1)
    if (!seat) throw new Error('Nobody joined')
    return seat
  }

  of(type: string): Received[] {
    return this.received.filter((message) => message.type === type)
  }

  tell(seat: Seat, type: string, payload: unknown): void {
    seat.socket?.send(JSON.stringify({ type, payload }))
  }

  broadcast(type: string, payload: Record<string, unknown>): void {
    if (this.deaf) return
    for (const seat of this.seats) this.tell(seat, type, payload)
  }

  change(type: string, payload: Record<string, unknown>): void {
    this.broadcast(type, { v: ++this.v, ...payload })
  }

  /** Somebody says something, as on another node. */
  say(text: string, clientMessageId: string = `other-${this.messages.length}`): Message {
    const seq = this.messages.length + 1
    const message: Message = {
      id: id(2000 + seq),
      seq,
      type: 'text',
      text,
      sender: { id: id(7), name: 'Other' },
      clientMessageId,
      sentAt: '2026-01-01T00:00:00.000Z',
    }
    this.messages.push(message)
    this.broadcast('chat.message', { message })
    return message
  }

  /** Somebody edits a message (or, without a text, deletes it), as on another node. */
  changeMessage(seq: number, text?: string): Message {
    const known = this.messages[seq - 1]
    if (!known) throw new Error(`There is no message ${seq}`)
    const { text: _text, ...rest } = known
    const at = '2026-01-01T00:01:00.000Z'
    const rev = (this.chatRev += 1)
    const message: Message = { ...rest, rev, ...(text === undefined ? { deletedAt: at } : { text, editedAt: at }) }
    this.messages[seq - 1] = message
    this.broadcast('chat.updated', { message })
    return message
  }

  snapshot(seat: Seat) {
    const peers = this.seats.filter((other) => other !== seat).map(({ participant }) => participant)
    return {
      meeting: sampleMeeting(),
      selfParticipant: seat.participant,
      peers,
      v: this.v,
      chatSeq: this.messages.length,
      chatRev: this.chatRev,
    }
  }

  #receive(socket: WebSocket, message: Received): void {
    this.received.push(message)
    const special = this.answering(message, socket)
    const answer = special === undefined ? this.#answer(socket, message) : special
    if (answer && message.requestId !== undefined)
      socket.send(JSON.stringify({ ...answer, requestId: message.requestId }))
  }

  #answer(socket: WebSocket, { type, payload }: Received): { type: string; payload: unknown } | null {
    const seat = this.seats.find((s) => s.socket === socket)
    switch (type) {
      case 'room.join':
        return this.#join(socket, payload)
      case 'room.resume':
        return this.#resume(socket, payload)
      case 'room.sync':
        return seat ? { type: 'room.snapshot', payload: this.snapshot(seat) } : null
      case 'room.leave':
        return { type: 'room.left', payload: {} }
      case 'auth.authenticate':
        return { type: 'auth.ok', payload: { userId: id(600), expiresAt: '' } }
      case 'chat.send':
        return this.#chat(String(payload['clientMessageId']), String(payload['text']))
      case 'chat.edit':
      case 'chat.delete':
        return this.#change(payload)
      case 'media.update':
        if (seat) this.#media(seat, payload)
        return { type: 'ack', payload: {} }
      case 'moderation.muteAll':
        return { type: 'ack', payload: { count: 3 } }
      case 'ping':
        return { type: 'pong', payload: { serverTime: '' } }
      default:
        return { type: 'ack', payload: {} }
    }
  }

  #join(socket: WebSocket, payload: Record<string, unknown>) {
    const n = this.seats.length + 1
    const { mic, cam } = payload['device'] as { mic: boolean; cam: boolean }
    const participant = sampleParticipant(n, { mic, cam })
    this.change('participant.joined', { participant })
    const seat: Seat = { participant, sessionId: id(3000 + n), resumeToken: `resume-${n}-1`, socket }
    this.seats.push(seat)
    const secrets = {
      iceServers: this.iceServers,
      sessionId: seat.sessionId,
      resumeToken: seat.resumeToken,
      resumeWindowMs: 120_000,
      graceMs: 10_000,
    }
    return { type: 'room.joined', payload: { ...this.snapshot(seat), ...secrets } }
  }

  #resume(socket: WebSocket, { sessionId, resumeToken }: Record<string, unknown>) {
    const seat = this.seats.find((s) => s.sessionId === sessionId && s.resumeToken === resumeToken)
    if (!seat) return { type: 'error', payload: problem('resume-failed', 409, { next: 'rejoin' }) }
    seat.socket?.close(4409)
    seat.socket = socket
    seat.resumeToken += '+'
    const payload = {
      snapshot: this.snapshot(seat),
      signals: [],
      signalsLost: false,
      chatSeq: this.messages.length,
      chatRev: this.chatRev,
      resumeToken: seat.resumeToken,
    }
    return { type: 'room.resumed', payload }
  }

  #chat(clientMessageId: string, text: string): { type: string; payload: unknown } {
    const known = this.messages.find((message) => message.clientMessageId === clientMessageId)
    const { id: messageId, seq, sentAt } = known ?? this.say(text, clientMessageId)
    return { type: 'chat.accepted', payload: { messageId, seq, sentAt } }
  }

  #change({ messageId, text }: Record<string, unknown>) {
    const known = this.messages.find((message) => message.id === messageId)
    if (!known) return { type: 'error', payload: problem('not-found', 404) }
    if (text !== known.text || text === undefined)
      this.changeMessage(known.seq, text === undefined ? undefined : String(text))
    return { type: 'ack', payload: {} }
  }

  #media(seat: Seat, payload: Record<string, unknown>): void {
    seat.participant = { ...seat.participant, ...payload }
    const { id: participantId, mic, cam, screen } = seat.participant
    this.change('media.changed', { participantId, mic, cam, screen })
  }
}
