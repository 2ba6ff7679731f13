import type { RoomJoined, RoomResumed, ServerMessage } from '@parley/contracts'
import type { RoomStatus } from './api.ts'
import { tryJoin, tryResume, type EnterDeps, type Entered, type Position, type ResumableSession } from './enter.ts'
import { nextAfter, whileSignedIn, type Next } from './next.ts'
import { backoffMs, pause } from './time.ts'

export interface ConnectionListener {
  message(message: ServerMessage): void
  /** The session could not be resumed; this is a new one. */
  rejoined(joined: RoomJoined): void
  resumed(resumed: RoomResumed): void
  status(status: RoomStatus): void
  /** The position that the client has seen, for `room.resume`. */
  position(): Position
  device(): { mic: boolean; cam: boolean }
  /** The page goes away. True: the session is kept, for the page may be loaded anew. */
  hide(session: ResumableSession): boolean
}

export type Outcome = { is: 'entered'; entered: Entered } | { is: 'over'; status: RoomStatus }

/** A handshake that fails this often may be refused for its token: browsers do not tell. */
const renewEvery = 3

/**
 * The way back into a room: resumes the session; where that is refused, joins anew with a fresh room token, which a user
 * expects; gives up only when that is refused too.
 */
export class Reconnection {
  readonly #deps: EnterDeps
  readonly #listener: ConnectionListener
  #attempt: number
  #wake = new AbortController()
  readonly #stop = new AbortController()

  /** `attempt`: how many were made lately, so that a connection that does not hold is tried ever more rarely. */
  constructor(deps: EnterDeps, listener: ConnectionListener, attempt: number) {
    this.#deps = deps
    this.#listener = listener
    this.#attempt = attempt
  }

  get attempt(): number {
    return this.#attempt
  }

  /** Tries at once what would wait. */
  wake(): void {
    this.#wake.abort()
  }

  stop(): void {
    this.#stop.abort()
    this.#wake.abort()
  }

  /** Null when it was stopped. Never rejects. */
  async run(session: ResumableSession, first: Next): Promise<Outcome | null> {
    let rejoin = false
    for (let next = first; ;) {
      if (next.is === 'over') return next
      rejoin ||= next.is === 'rejoin'
      this.#attempt++
      this.#listener.status({ state: 'reconnecting', attempt: this.#attempt })
      try {
        if (next.is === 'again') await this.#before(next)
        if (this.#stop.signal.aborted) return null
        const entered = await (rejoin ? this.#join() : tryResume(this.#deps, session, () => this.#listener.position()))
        if (!this.#stop.signal.aborted) return { is: 'entered', entered }
        entered.socket.drop()
        return null
      } catch (error) {
        if (this.#stop.signal.aborted) return null
        next = nextAfter(error)
        if (rejoin && next.is === 'rejoin') return { is: 'over', status: { state: 'lost', problem: null } }
      }
    }
  }

  /** Where that leads into the lobby again, it is still the same attempt. */
  #join(): Promise<Entered> {
    return tryJoin({ ...this.#deps, lobby: { signal: this.#stop.signal } }, this.#listener.device())
  }

  /** Waits, unless somebody wakes us; and gets a new token where the old one may be the reason. */
  async #before({ renew, waitMs }: Extract<Next, { is: 'again' }>): Promise<void> {
    if (this.#stop.signal.aborted) return
    this.#wake = new AbortController()
    await pause(waitMs + backoffMs(this.#attempt, this.#deps.backoff), this.#wake.signal)
    if (!renew && this.#attempt % renewEvery !== 0) return
    const { auth } = this.#deps
    await whileSignedIn(auth.current().then((token) => auth.renew(token)))
  }
}
