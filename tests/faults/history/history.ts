/** Milliseconds of one clock that only goes forward, for everything that is recorded. */
export const now = (): number => performance.timeOrigin + performance.now()

/** A chat message that somebody tried to send; its text is unique in the run and names it. */
export interface Send {
  text: string
  client: string
  room: string
  at: number
  /** `open`: still not answered at the end. */
  outcome: { is: 'open' } | { is: 'accepted'; at: number; seq: number; id: string } | { is: 'refused'; at: number }
}

/** A message as a store or a client has it. */
export interface StoredMessage {
  text: string
  seq: number
  id: string
}

/** When a client showed a message. */
export interface Shown extends StoredMessage {
  client: string
  at: number
}

/** The view that everybody has of one participant. */
export interface Person {
  participantId: string
  mic: boolean
  cam: boolean
  hand: boolean
  connected: boolean
}

/** A participant in a room, as a client or the server has it. */
export interface Member {
  participantId: string
  userId: string
  role: string
}

/** The meeting itself, as a client, the server or the database has it. */
export interface MeetingSeen {
  title: string
  settings: Readonly<Record<string, unknown>>
}

/** The end state of one client (or of the server, as `server`) has at the end. */
export interface View {
  client: string
  room: string
  v: number
  people: readonly Person[]
  members: readonly Member[]
  meeting: MeetingSeen
  /** Everything it has of the room at this version, as one text: the meeting and every participant in full. */
  contents: string
  messages: readonly StoredMessage[]
  /** Number of the last message that was there when this client came; its messages begin behind it. */
  since: number
}

/** When a client was a member of a room; `until` Infinity while it is. */
export interface Stay {
  client: string
  room: string
  from: number
  until: number
}

/** An event of a room that reached a client's socket. */
export interface Received {
  client: string
  /** The room it is about; null where that cannot be told. */
  room: string | null
  type: string
  at: number
}

/** A request on a socket: answered (also with a problem), or over with its socket. */
export interface Request {
  client: string
  type: string
  at: number
  end: { at: number; how: 'answered' | 'refused' | 'closed'; code?: string } | null
}

/** A time in which a client had no network at all: it cannot get an answer, nor hear that its socket is closed. */
export interface CutOff {
  client: string
  from: number
  until: number
}

/** A directed signal as it arrived; `n` counts those of one sender to one receiver from 1. */
export interface Signal {
  from: string
  to: string
  n: number
  at: number
}

/** Somebody was seen to leave. */
export interface Departure {
  room: string
  participantId: string
  seenBy: string
  at: number
}

/** How somebody's connection was shown to somebody else. */
export interface Mark {
  participantId: string
  seenBy: string
  at: number
  connection: 'connected' | 'reconnecting'
}

/** How the connection of a client went. */
export interface StatusChange {
  client: string
  at: number
  state: string
}

/** The room took a client (back) in on a socket: `joined` is a new stay, `resumed` the same one. */
export interface HistoryEntry {
  client: string
  room: string
  at: number
  how: 'joined' | 'resumed'
  signalsLost: boolean
}

/** A command that meetings was given for a room. */
export type Order =
  | { kind: 'ban'; userId: string }
  /** `participantIds`: the stays that it ends. Later ones of the same user are not concerned. */
  | { kind: 'remove'; userId: string; participantIds: readonly string[] }
  | { kind: 'end' }
  | { kind: 'role'; userId: string; role: string }
  | { kind: 'settings'; change: Partial<MeetingSeen> }

/** An order, and whether it was acknowledged. `unknown`: no answer, or one that says neither. */
export interface Command {
  room: string
  order: Order
  at: number
  outcome: { is: 'acknowledged' | 'refused' | 'unknown'; at: number }
}

/** The database's rows of a meeting at the end. */
export interface Standing extends MeetingSeen {
  status: string
  banned: ReadonlySet<string>
  /** By user, of those who were given one. */
  roles: ReadonlyMap<string, string>
}

/** The state of a room at a version at the end, as a client or its node had it. */
export interface Contents {
  room: string
  v: number
  holder: string
  text: string
}

/** A socket that was closed. The code is that of the server, if it gave one; 1006 when the connection just went. */
export interface Closing {
  client: string
  code: number
  at: number
}

/** The last word of a room to a client. */
export interface Farewell {
  client: string
  type: 'room.kicked' | 'room.ended'
  reason: string
  at: number
}

/** A client that an acknowledged command sends away: when it was acknowledged, and the last word due to the client. */
export interface Sentence {
  client: string
  at: number
  type: Farewell['type']
}

export interface ProcessRecord {
  label: string
  exits: readonly { how: string; expected: boolean; at: number }[]
  /** Lines of its log about an uncaught error. */
  faults: readonly string[]
  /** Resident memory over time. */
  memory: readonly { at: number; mib: number }[]
}

/** One run, as far as the promises are concerned. Everything the checks need is in it. */
export interface History {
  endedAt: number
  sends: readonly Send[]
  /** Each room's messages as the store has them at the end. */
  stored: ReadonlyMap<string, readonly StoredMessage[]>
  shown: readonly Shown[]
  /** Of everybody who is present at the end. */
  views: readonly View[]
  /** The people in each room at the end with their states, as the workload knows them. */
  truth: ReadonlyMap<string, readonly Person[]>
  stays: readonly Stay[]
  /** Those of which it has to be looked up whether a member got them. */
  received: readonly Received[]
  /** How many more a member got, as was seen at once. */
  heard: number
  requests: readonly Request[]
  cutOffs: readonly CutOff[]
  signals: readonly Signal[]
  departures: readonly Departure[]
  marks: readonly Mark[]
  /** Participants who were taken away without a goodbye, and the room of each. */
  gone: ReadonlyMap<string, string>
  statuses: readonly StatusChange[]
  entries: readonly HistoryEntry[]
  commands: readonly Command[]
  /** By room. */
  standings: ReadonlyMap<string, Standing>
  contents: readonly Contents[]
  closings: readonly Closing[]
  farewells: readonly Farewell[]
  sentences: readonly Sentence[]
  processes: readonly ProcessRecord[]
  /** Rejections that nobody handled in the clients' own process. */
  clientFaults: readonly string[]
  /** Answers of HTTP requests. */
  http: readonly { client: string; route: string; status: number; at: number; ms: number }[]
}

export const emptyHistory: History = {
  endedAt: 0,
  sends: [],
  stored: new Map(),
  shown: [],
  views: [],
  truth: new Map(),
  stays: [],
  received: [],
  heard: 0,
  requests: [],
  cutOffs: [],
  signals: [],
  departures: [],
  marks: [],
  gone: new Map(),
  statuses: [],
  entries: [],
  commands: [],
  standings: new Map(),
  contents: [],
  closings: [],
  farewells: [],
  sentences: [],
  processes: [],
  clientFaults: [],
  http: [],
}
