import type { ClientPayload, JoinDetails, RoomJoined, RoomResumed } from '@parley/contracts'
import type { Store } from './api.ts'
import type { PinnedTokens } from './identity.ts'
import type { LobbyHooks } from './lobby.ts'
import { waitAt, type LobbyPlace } from './lobby-wait.ts'
import { nextAfter, thrownAsError, whileSignedIn, type Next } from './next.ts'
import { localError } from './problem.ts'
import { Socket, type SocketTiming } from './socket.ts'
import { backoffMs, pause, type Backoff } from './time.ts'

/** The options of the protocol that this SDK understands. */
const features = ['lobby.delta']

/** Up to where a client has everything. */
export type Position = Pick<ClientPayload<'room.resume'>, 'v' | 'chatSeq' | 'signalSeq'>

export interface EnterDeps {
  /** The tokens of who enters; when that one is gone, the room is over. */
  auth: PinnedTokens & { readonly token: Store<string | null> }
  /** A fresh room token, and where to go with it. */
  admit(): Promise<Pick<JoinDetails, 'roomToken' | 'signalingUrl'>>
  lobby: LobbyHooks
  WebSocket: typeof globalThis.WebSocket
  timing: SocketTiming
  backoff: Backoff
}
export const reconnectBackoff: Backoff = { baseMs: 250, maxMs: 10_000 }
export const joinAttempts = 3
/** A longer wait is shown to the user instead. */
const longestWaitMs = 10_000

/** The data needed to come back. */
export interface ResumableSession {
  url: string
  sessionId: string
  resumeToken: string
}

/** A socket that is in the room; nobody listens to it yet. */
export interface Entered {
  socket: Socket
  /** The access token that the socket was opened with. */
  accessToken: string
  session: ResumableSession
  how: { is: 'joined'; joined: RoomJoined } | { is: 'resumed'; resumed: RoomResumed }
}

/** `tryJoin`, again a few times when the failure may pass. Rejects with a ParleyError, or the reason of the lobby's signal. */
export async function joinPatiently(deps: EnterDeps, device: { mic: boolean; cam: boolean }): Promise<Entered> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await tryJoin(deps, device)
    } catch (error) {
      deps.lobby.signal?.throwIfAborted()
      const next = nextAfter(error)
      if (next.is === 'over' || attempt >= joinAttempts) throw thrownAsError(error)
      if (next.is === 'again' && next.waitMs > longestWaitMs) throw thrownAsError(error)
      await beforeNext(deps, next, attempt)
    }
  }
}

/** Waits before the next attempt, with a new token where the old one may be the reason. */
export async function beforeNext(deps: EnterDeps, next: Next, attempt: number): Promise<void> {
  if (next.is !== 'again') return
  if (next.renew) await whileSignedIn(deps.auth.current().then((token) => deps.auth.renew(token)))
  await pause(next.waitMs + backoffMs(attempt, deps.backoff), deps.lobby.signal)
  deps.lobby.signal?.throwIfAborted()
}

/** Asks for a room token, opens a socket, joins; where there is a lobby, waits in it. */
export async function tryJoin(deps: EnterDeps, device: { mic: boolean; cam: boolean }): Promise<Entered> {
  const { roomToken, signalingUrl: url } = await whileSignedIn(deps.admit())
  const place = await onNewSocket(deps, url, async (socket, accessToken) => {
    const answer = await socket.request('room.join', { roomToken, device, features })
    return answer.type === 'room.joined'
      ? enteredBy(socket, accessToken, url, answer.payload)
      : { socket, accessToken, url, waiting: answer.payload }
  })
  return 'waiting' in place ? stayInLobby(deps, place) : place
}

/** Opens a socket and goes on with `session` there. */
export async function tryResume(
  deps: EnterDeps,
  session: ResumableSession,
  position: () => Position,
): Promise<Entered> {
  const { url, sessionId, resumeToken } = session
  return onNewSocket(deps, url, async (socket, accessToken) => {
    const { type, payload } = await socket.request('room.resume', { sessionId, resumeToken, features, ...position() })
    if (type !== 'room.resumed') throw localError('resume-failed', 'The session is in the lobby again')
    return {
      socket,
      accessToken,
      session: { ...session, resumeToken: payload.resumeToken },
      how: { is: 'resumed', resumed: payload },
    }
  })
}

/** Waits over any number of sockets. Rejects when one is not let in, or the wait cannot be resumed. */
async function stayInLobby(deps: EnterDeps, first: LobbyPlace): Promise<Entered> {
  const resume = (place: LobbyPlace) => resumeWait(deps, place)
  for (let place = first; ;) {
    const end = await waitAt(place, { hooks: deps.lobby, resume, backoff: deps.backoff })
    if (end.is === 'admitted') return enteredBy(end.place.socket, end.place.accessToken, end.place.url, end.joined)
    deps.lobby.signal?.throwIfAborted()
    place = await backAt(deps, end.place, end.error)
  }
}

async function backAt(deps: EnterDeps, place: LobbyPlace, lost: unknown): Promise<LobbyPlace> {
  let error = lost
  for (let attempt = 1; ; attempt++) {
    const next = nextAfter(error)
    if (next.is !== 'again') throw error
    await beforeNext(deps, next, attempt)
    try {
      return await resumeWait(deps, place)
    } catch (again) {
      error = again
    }
  }
}

/** Opens a socket and goes on there with a wait. */
function resumeWait(deps: EnterDeps, { url, waiting: { sessionId, resumeToken } }: LobbyPlace): Promise<LobbyPlace> {
  return onNewSocket(deps, url, async (socket, accessToken) => {
    const { type, payload } = await socket.request('room.resume', { sessionId, resumeToken, v: 0 })
    if (type !== 'lobby.waiting') throw localError('resume-failed', 'The wait ended while the connection was lost')
    return { socket, accessToken, url, waiting: payload }
  })
}

function enteredBy(socket: Socket, accessToken: string, url: string, joined: RoomJoined): Entered {
  const session = { url, sessionId: joined.sessionId, resumeToken: joined.resumeToken }
  return { socket, accessToken, session, how: { is: 'joined', joined } }
}

async function onNewSocket<T>(
  deps: EnterDeps,
  url: string,
  act: (socket: Socket, accessToken: string) => Promise<T>,
): Promise<T> {
  const { WebSocket, timing } = deps
  const accessToken = await whileSignedIn(deps.auth.current())
  const socket = await Socket.open({ url, accessToken, WebSocket, timing })
  try {
    return await act(socket, accessToken)
  } catch (error) {
    socket.drop()
    throw error
  }
}
