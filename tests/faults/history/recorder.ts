import {
  emptyHistory,
  now,
  type Closing,
  type Command,
  type CutOff,
  type Departure,
  type HistoryEntry,
  type Farewell,
  type History,
  type Mark,
  type ProcessRecord,
  type Received,
  type Request,
  type StoredMessage,
  type Send,
  type Sentence,
  type Shown,
  type Signal,
  type StatusChange,
  type Stay,
} from './history.ts'

/** A message of the wire, as far as we look into it. */
export interface Frame {
  type: string
  requestId?: string
  payload?: Readonly<Record<string, unknown>>
}

/** The mark of a signal that the workload sent. */
interface SignalMark {
  from: string
  to: string
  n: number
}

/** The facts known only when all is over. */
export type AtTheEnd = Pick<History, 'stored' | 'views' | 'truth' | 'standings' | 'contents'>

/** Takes down what happens while it happens; `history` is what the checks get. */
export class Recorder {
  readonly sends: Send[] = []
  readonly shown: Shown[] = []
  readonly stays: Stay[] = []
  /** Events that nobody can say of that a member got them. */
  readonly received: Received[] = []
  /** How many members got, of which nothing more is kept: in a long run they are millions. */
  heard = 0
  readonly requests: Request[] = []
  readonly cutOffs: CutOff[] = []
  readonly signals: Signal[] = []
  readonly departures: Departure[] = []
  readonly marks: Mark[] = []
  readonly gone = new Map<string, string>()
  /** Participants who leave because they want to. */
  readonly leaving = new Set<string>()
  readonly statuses: StatusChange[] = []
  readonly entries: HistoryEntry[] = []
  readonly commands: Command[] = []
  readonly closings: Closing[] = []
  readonly farewells: Farewell[] = []
  readonly sentences: Sentence[] = []
  /** The last ping that each client got. */
  readonly pings = new Map<string, { v: number; chatSeq: number; at: number }>()
  readonly clientFaults: string[] = []
  readonly http: { client: string; route: string; status: number; at: number; ms: number }[] = []
  /** Which room a participant or a user belongs to: each is in one only. */
  readonly #roomOf = new Map<string, string>()
  /** Where each client is a member now. */
  readonly #present = new Map<string, string>()
  /** Number of the last message that was there when each came in. */
  readonly #chatSeq = new Map<string, number>()
  /** Each text and id once: every client reads them anew from its own frames. */
  readonly #texts = new Map<string, string>()
  /** Per client: the socket in use, and how many signals came in the session. */
  readonly #signalling = new Map<string, { socket: object; seq: number }>()

  /** A frame that reached a socket of `client`; which one tells sockets apart while it moves from one to the next. */
  frameIn(client: string, { type, payload = {} }: Frame, socket: object = this): void {
    const at = now()
    if (type === 'room.joined' || type === 'room.resumed') {
      this.#signalling.set(client, { socket, seq: this.#missedSignals(client, payload, at) })
      this.#entered(client, type, payload, at)
    }
    if (type === 'room.left' || type === 'room.kicked' || type === 'room.ended') this.left(client)
    if (type === 'room.kicked' || type === 'room.ended')
      this.farewells.push({ client, type, reason: String(payload['reason']), at })
    if (type === 'ping') this.#pinged(client, payload, at)
    if (type === 'rtc.signal') this.#signalOn(socket, client, payload['data'], at)
    if (type === 'participant.updated') this.#marked(client, payload, at)
    if (type === 'participant.left') this.#departed(client, [payload['participantId']], at)
    if (type === 'room.delta') this.#departed(client, payload['left'], at)
    if (type === 'room.resumed') this.#departed(client, objectIn(payload, 'delta')['left'], at)
    if (roomEvents.has(type)) this.#heard(client, this.#about(payload), type, at)
  }

  /** `client` shows a message. */
  showed(client: string, { text, seq, id }: StoredMessage): void {
    this.shown.push({ text: this.#once(text), id: this.#once(id), seq, client, at: now() })
  }

  /** Number of the last message that was there when `client` came in; 0 for who did not. */
  chatSeqOf(client: string): number {
    return this.#chatSeq.get(client) ?? 0
  }

  /** `client` is not a member from now on. */
  left(client: string): void {
    this.#present.delete(client)
    const stay = this.stays.find((one) => one.client === client && one.until === Infinity)
    if (stay) stay.until = now()
  }

  roomOf(client: string): string | undefined {
    return this.stays.findLast((one) => one.client === client)?.room
  }

  belongs(id: string, room: string): void {
    this.#roomOf.set(id, room)
  }

  /** All of it, with what is known at the end only. */
  history(end: AtTheEnd & { processes: readonly ProcessRecord[] }): History {
    const { sends, shown, stays, received, heard, requests, cutOffs, signals } = this
    const { departures, marks, gone, statuses, entries, clientFaults, http } = this
    const seen = { sends, shown, stays, received, heard, requests, cutOffs, signals }
    const { commands, closings, farewells, sentences } = this
    const told = { commands, closings, farewells, sentences }
    const states = { departures, marks, gone, statuses, entries, clientFaults, http }
    return { ...emptyHistory, ...seen, ...states, ...told, ...end, endedAt: now() }
  }

  #entered(client: string, type: string, payload: Readonly<Record<string, unknown>>, at: number): void {
    const meeting = objectIn(payload, 'meeting')['id']
    const room = typeof meeting === 'string' ? meeting : (this.roomOf(client) ?? '')
    if (!this.stays.some((stay) => stay.client === client && stay.room === room && stay.until === Infinity))
      this.stays.push({ client, room, from: at, until: Infinity })
    this.#present.set(client, room)
    const { chatSeq } = payload
    if (type === 'room.joined' && typeof chatSeq === 'number') this.#chatSeq.set(client, chatSeq)
    const self = objectIn(payload, 'selfParticipant')['id']
    if (typeof self === 'string') this.belongs(self, room)
    const how = type === 'room.joined' ? 'joined' : 'resumed'
    this.entries.push({ client, room, at, how, signalsLost: payload['signalsLost'] === true })
  }

  /** One that comes on a socket that the client has left is not taken by it: it was, or comes, with the answer on the new one. */
  #signalOn(socket: object, client: string, data: unknown, at: number): void {
    const state = this.#signalling.get(client)
    if (state === undefined || state.socket !== socket) return
    state.seq += 1
    this.#signal(data, at)
  }

  /** Those of `room.resumed`, without what came on the old socket while the new one asked; returns how many there have been. */
  #missedSignals(client: string, { signals, signalSeq }: Readonly<Record<string, unknown>>, at: number): number {
    if (!Array.isArray(signals) || typeof signalSeq !== 'number') return 0
    const had = (this.#signalling.get(client)?.seq ?? 0) - (signalSeq - signals.length)
    for (const one of signals.slice(Math.max(0, had))) this.#signal((one as { data: unknown }).data, at)
    return signalSeq
  }

  #signal(data: unknown, at: number): void {
    if (isMark(data)) this.signals.push({ from: data.from, to: data.to, n: data.n, at })
  }

  #departed(seenBy: string, ids: unknown, at: number): void {
    if (!Array.isArray(ids)) return
    for (const id of ids)
      if (typeof id === 'string' && !this.leaving.has(id))
        this.departures.push({ room: this.#roomOf.get(id) ?? '', participantId: id, seenBy, at })
  }

  #heard(client: string, room: string | null, type: string, at: number): void {
    if (room !== null && this.#present.get(client) === room) this.heard += 1
    else this.received.push({ client, room, type, at })
  }

  #pinged(client: string, { v, chatSeq }: Readonly<Record<string, unknown>>, at: number): void {
    if (typeof v === 'number' && typeof chatSeq === 'number') this.pings.set(client, { v, chatSeq, at })
  }

  #once(text: string): string {
    const known = this.#texts.get(text)
    if (known !== undefined) return known
    this.#texts.set(text, text)
    return text
  }

  #marked(seenBy: string, { participantId, connection }: Readonly<Record<string, unknown>>, at: number): void {
    if (typeof participantId !== 'string') return
    if (connection === 'connected' || connection === 'reconnecting')
      this.marks.push({ participantId, seenBy, at, connection })
  }

  #about(payload: Readonly<Record<string, unknown>>): string | null {
    const message = objectIn(payload, 'message')
    const ids = [
      payload['participantId'],
      payload['from'],
      objectIn(payload, 'participant')['userId'],
      objectIn(message, 'sender')['id'],
      objectIn(payload, 'meeting')['id'],
    ]
    const known = ids.find((id) => typeof id === 'string')
    return typeof known === 'string' ? (this.#roomOf.get(known) ?? null) : null
  }
}

/** The messages to the members of a room. */
const roomEvents: ReadonlySet<string> = new Set([
  'participant.joined',
  'participant.updated',
  'participant.left',
  'media.changed',
  'hand.changed',
  'meeting.updated',
  'reaction.added',
  'rtc.signal',
  'chat.message',
  'chat.typing',
])

const isMark = (data: unknown): data is SignalMark =>
  typeof data === 'object' && data !== null && 'from' in data && 'to' in data && 'n' in data

function objectIn(value: Readonly<Record<string, unknown>>, name: string): Readonly<Record<string, unknown>> {
  const found = value[name]
  return typeof found === 'object' && found !== null ? (found as Readonly<Record<string, unknown>>) : {}
}
