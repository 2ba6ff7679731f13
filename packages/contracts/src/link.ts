import Type, { type Static } from 'typebox'
import { closeCodes, type CloseReason } from './ws/close-codes.ts'
import { Id, Strict } from './ids.ts'
import { Problem } from './problems.ts'

/**
 * The link between a gateway, which holds the clients' sockets, and a signaling node, which decides. A WebSocket with binary
 * messages; each is a batch of records (see `link/codec.ts` of the kit). Another version gets another subprotocol.
 */
export const link = {
  path: '/link',
  subprotocol: 'parley-link.v1',
  /** Of one binary message to a gateway and to a node, bytes; a batch that grows longer is sent in several. */
  maxMessageBytes: { toGateway: 8 * 1_024 * 1_024, toNode: 65_536 },
  /** A gateway asks for a sign of life so often, ms; the node answers at once. */
  askEveryMs: 300,
  /** A node hears nothing of a gateway for this long, ms: the link is dead. */
  gatewaySilentMs: 15_000,
  /** Where the credential of a node is found in the store: only what is inside can read it. */
  keyOf: (node: string): string => `signaling:link:${node}`,
} as const

/** Records from the gateway. The number that each carries is that of a session, unless it says otherwise. */
export const toNode = {
  /** `LinkAttach`: a client's socket, new or from another node. Answered by `attached` or `refused`. */
  attach: 1,
  /** A text message of the client, as it came. */
  input: 2,
  /** The client sent a binary message, which the protocol does not know. Without its bytes. */
  binary: 3,
  /** The client's socket is closed: a 32-bit number, its close code. Without a body: it goes on with another node. */
  detach: 4,
  /** A sign of life is wanted. Number 0. */
  ask: 5,
  /** The beginning of a long input: another part, or `input` with the last, follows. */
  part: 6,
} as const

/** Records from the node. */
export const toGateway = {
  attached: 16,
  /** `LinkRefused`: the session is not attached. */
  refused: 17,
  /** A whole WebSocket frame for one client. */
  send: 18,
  /** The same, and it is a signal: these are counted. */
  signal: 19,
  /** `LinkClose`: after what was sent before. The session is over. */
  close: 20,
  /** `LinkHeld`: what another node is to be shown if this one goes. */
  hold: 21,
  /** A 32-bit number: so many inputs of this session are done, from the first on, and answered if they wanted it. */
  done: 22,
  /** A 32-bit number: this session belongs to the group (which the record's number names) from now on. */
  join: 23,
  /** The same for one that belongs to it no more. */
  leave: 24,
  /** A frame for everybody in the group, see `Cast`. */
  cast: 25,
  /** A sign of life. Number 0. */
  alive: 26,
  /** This node goes away: its sessions are to be attached elsewhere. Number 0. */
  draining: 27,
  /** It stays after all, and takes sessions again. Number 0. A gateway of the version before ignores it, until its link is made anew. */
  serving: 28,
} as const

/** The data that resumes a session on any node, without its client noticing. */
export const LinkSession = Strict({
  meetingId: Id,
  sessionId: Id,
  resumeToken: Type.String({ maxLength: 256 }),
  /** The version of the room that the client has; a group's casts tell it later ones. */
  v: Type.Integer({ minimum: 0 }),
  /** The number of the last signal that was sent; the gateway counts on. */
  signalSeq: Type.Integer({ minimum: 0 }),
})
export type LinkSession = Static<typeof LinkSession>

/** A session is proven by the client's own secrets each time: a gateway can act for nobody whose socket it does not hold. */
export const LinkAttach = Strict({
  /** Of the client's handshake. */
  requestId: Type.String({ minLength: 1, maxLength: 128 }),
  accessToken: Type.Union([Type.String({ maxLength: 8_192 }), Type.Null()]),
  session: Type.Union([LinkSession, Type.Null()]),
})
export type LinkAttach = Static<typeof LinkAttach>

/** Only what has changed is told. `session: null`: it is over, the socket is not. */
export const LinkHeld = Strict({
  accessToken: Type.Optional(Type.String({ maxLength: 8_192 })),
  session: Type.Optional(Type.Union([LinkSession, Type.Null()])),
})
export type LinkHeld = Static<typeof LinkHeld>

export const LinkRefused = Strict({ problem: Problem })
export type LinkRefused = Static<typeof LinkRefused>

export const LinkClose = Strict({
  reason: Type.Enum(Object.keys(closeCodes) as CloseReason[]),
  text: Type.String({ maxLength: 123 }),
})
export type LinkClose = Static<typeof LinkClose>

/** `passing` is dropped for a client that is slow; `state` never is. */
export type CastClass = 'state' | 'passing'
