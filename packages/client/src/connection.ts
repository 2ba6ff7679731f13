import type { AnswerOf, ClientPayload, ClientType, ServerMessage } from '@parley/contracts'
import type { RoomStatus } from './api.ts'
import type { Loss } from './close-meaning.ts'
import { tryResume, type EnterDeps, type Entered, type ResumableSession } from './enter.ts'
import { listenToPage } from './environment.ts'
import { newId } from './ids.ts'
import { nextAfterLoss, type Next } from './next.ts'
import { localError, problemOf } from './problem.ts'
import { Reconnection, type ConnectionListener } from './reconnection.ts'
import { SocketLost, type Socket } from './socket.ts'
import { backoffMs, later, pause } from './time.ts'
import { Waiters } from './waiters.ts'

export interface ConnectionDeps extends EnterDeps {
  /** Something failed that the user need not know. */
  report(error: unknown): void
}

type State =
  /** `lost`: the old socket went while we are moving to a new one. */
  | { is: 'live'; entered: Entered; since: number; move: Promise<void> | null; lost: Loss | null }
  | { is: 'reconnecting'; by: Reconnection }
  | { is: 'over' }

/** A connection that held this long starts again with the shortest wait. */
const stableMs = 10_000
const moveAttempts = 4
/** How long a request that may be repeated waits for the connection to come back. */
const patienceMs = 120_000
const farewellMs = 2_000

/** Keeps a session in a room alive over any number of sockets. */
export class Connection {
  readonly #deps: ConnectionDeps
  readonly #listener: ConnectionListener
  readonly #waiters = new Waiters<Socket>(512)
  readonly #stops: (() => void)[]
  #state: State
  #session: ResumableSession
  #attempt = 0

  constructor(deps: ConnectionDeps, listener: ConnectionListener, entered: Entered) {
    this.#deps = deps
    this.#listener = listener
    this.#state = liveOn(entered)
    this.#session = entered.session
    const { gone } = deps.auth
    const signedOut = () => this.#finish({ state: 'lost', problem: problemOf(gone.reason) })
    gone.addEventListener('abort', signedOut, { once: true })
    this.#stops = [
      () => gone.removeEventListener('abort', signedOut),
      deps.auth.token.subscribe(() => this.#renewOnSocket()),
      listenToPage({ awake: () => this.#awake(), online: () => this.#awake(), hide: () => this.#hide() }),
    ]
  }

  /** From now on the listener hears what happens. The first `room.joined` is in `entered`, it is not told again. */
  start(): void {
    if (this.#deps.auth.gone.aborted)
      return this.#finish({ state: 'lost', problem: problemOf(this.#deps.auth.gone.reason) })
    if (this.#state.is === 'live') this.#attach(this.#state.entered)
  }

  /** The socket in use; null while there is none. */
  get socket(): Socket | null {
    return this.#state.is === 'live' ? this.#state.entered.socket : null
  }

  /** Sends something that is not worth repeating; nothing happens while there is no connection. */
  send<T extends ClientType>(type: T, payload: ClientPayload<T>, requestId?: string): void {
    this.socket?.send(type, payload, requestId)
  }

  /**
   * Resolves to the answer. When the connection is lost on the way: with `repeat` it is asked again after the resume, under the
   * same request id (the server then repeats its answer, not the act); without, it rejects with `unavailable`.
   */
  async request<T extends ClientType>(type: T, payload: ClientPayload<T>, repeat = false): Promise<AnswerOf<T>> {
    const requestId = newId()
    for (;;) {
      const socket = await this.#socket(repeat)
      try {
        return await socket.request(type, payload, requestId)
      } catch (error) {
        if (!(error instanceof SocketLost)) throw error
        if (!repeat && !error.replaced && !this.#isMoving()) {
          throw localError('unavailable', 'The connection was lost before the server answered', error)
        }
      }
    }
  }

  /** Says goodbye, and does not wait long for an answer. */
  async leave(): Promise<void> {
    const said = this.socket?.request('room.leave', {}).catch((error: unknown) => this.#deps.report(error))
    if (said) await Promise.race([said, pause(farewellMs)])
    this.#finish({ state: 'left' })
  }

  async #socket(repeat: boolean): Promise<Socket> {
    if (this.#state.is === 'live' && this.#state.move) await this.#state.move
    switch (this.#state.is) {
      case 'live':
        return this.#state.entered.socket
      case 'reconnecting':
        if (!repeat) throw localError('unavailable', 'There is no connection at the moment')
        return this.#waiters.wait(patienceMs)
      case 'over':
        throw overError()
      default:
        return this.#state satisfies never
    }
  }

  #isMoving(): boolean {
    return this.#state.is === 'live' && this.#state.move !== null
  }

  #adopt(entered: Entered): void {
    this.#state = liveOn(entered)
    this.#session = entered.session
    const { how } = entered
    if (how.is === 'joined') this.#listener.rejoined(how.joined)
    else this.#listener.resumed(how.resumed)
    this.#listener.status({ state: 'joined' })
    this.#attach(entered)
    this.#waiters.resolve(entered.socket)
  }

  #attach(entered: Entered): void {
    const { socket } = entered
    socket.attach({ message: (message) => this.#hear(socket, message), lost: (loss) => this.#lost(socket, loss) })
    if (this.#deps.auth.token.get() !== entered.accessToken) this.#renewOnSocket()
  }

  #hear(socket: Socket, message: ServerMessage): void {
    this.#listener.message(message)
    switch (message.type) {
      case 'room.kicked':
        return this.#finish({ state: 'removed', reason: message.payload.reason })
      case 'room.ended':
        return this.#finish({ state: 'ended', reason: message.payload.reason })
      case 'server.draining':
        later(message.payload.reconnectAfterMs, () => this.#startMove(socket, 1))
    }
  }

  #lost(socket: Socket, loss: Loss): void {
    if (this.#state.is !== 'live' || this.#state.entered.socket !== socket) return
    if (this.#state.move) this.#state.lost = loss
    else this.#comeBack(nextAfterLoss(loss))
  }

  #comeBack(first: Next): void {
    if (this.#state.is !== 'live') return
    const { since, entered } = this.#state
    const by = new Reconnection(this.#deps, this.#listener, performance.now() - since < stableMs ? this.#attempt : 0)
    this.#state = { is: 'reconnecting', by }
    const done = by.run(entered.session, first).then((outcome) => {
      this.#attempt = by.attempt
      if (outcome?.is === 'entered') this.#adopt(outcome.entered)
      else if (outcome) this.#finish(outcome.status)
    })
    done.catch((error: unknown) => this.#finish({ state: 'lost', problem: problemOf(error) }))
  }

  /** Make before break: resumes on a new socket while the old one still serves, then drops the old one. */
  #startMove(from: Socket, attempt: number): void {
    if (this.#state.is !== 'live' || this.#state.move || this.#state.entered.socket !== from) return
    const live = this.#state
    live.move = tryResume(this.#deps, live.entered.session, () => this.#listener.position()).then(
      (entered) => {
        if (this.#state === live) this.#adopt(entered)
        else entered.socket.drop()
        from.drop(true)
      },
      (error: unknown) => {
        live.move = null
        this.#deps.report(error)
        if (live.lost) this.#comeBack({ is: 'again', renew: false, waitMs: 0 })
        else if (attempt < moveAttempts)
          later(backoffMs(attempt, this.#deps.backoff), () => this.#startMove(from, attempt + 1))
      },
    )
  }

  #renewOnSocket(): void {
    const accessToken = this.#deps.auth.token.get()
    if (this.#state.is !== 'live' || accessToken === null) return
    const { socket } = this.#state.entered
    socket.request('auth.authenticate', { accessToken }).catch((error: unknown) => this.#deps.report(error))
  }

  #awake(): void {
    if (this.#state.is === 'live') void this.#state.entered.socket.probe()
    else if (this.#state.is === 'reconnecting') this.#state.by.wake()
  }

  /**
   * Firefox has closed the socket by now, where the page is left by a link: the listener says goodbye in another way, too. A session
   * that is kept for a reload is not left.
   */
  #hide(): void {
    if (!this.#listener.hide(this.#session)) this.send('room.leave', {}, newId())
    this.#finish({ state: 'left' })
  }

  #finish(status: RoomStatus): void {
    const last = this.#state
    if (last.is === 'over') return
    this.#state = { is: 'over' }
    for (const stop of this.#stops) stop()
    if (last.is === 'live') last.entered.socket.drop()
    else last.by.stop()
    this.#waiters.reject(overError())
    this.#listener.status(status)
  }
}

const liveOn = (entered: Entered): State => ({ is: 'live', entered, since: performance.now(), move: null, lost: null })
const overError = () => localError('wrong-state', 'Not in the meeting any more')
