import { closeCodes, type LobbyWaiting, type RoomJoined, type ServerMessage } from '@parley/contracts'
import { failureOf, type LobbyHooks } from './lobby.ts'
import { nextAfter } from './next.ts'
import { SocketLost, type Socket } from './socket.ts'
import { backoffMs, later, type Backoff } from './time.ts'

/** A place in the queue, and the socket that hears of it. */
export interface LobbyPlace {
  socket: Socket
  /** The access token that the socket was opened with. */
  accessToken: string
  url: string
  waiting: LobbyWaiting
  /** When its server wants us to go on elsewhere, by the monotonic clock; left out while it does not. */
  goesAt?: number
}

export type WaitEnd =
  /** Later messages on the socket are held for its next listener. */
  | { is: 'admitted'; place: LobbyPlace; joined: RoomJoined }
  /** `error` tells whether to go on with the place, to begin anew, or to give up. */
  | { is: 'lost'; place: LobbyPlace; error: unknown }

export interface WaitDeps {
  hooks: LobbyHooks
  /** Goes on with the place on a new socket. */
  resume(place: LobbyPlace): Promise<LobbyPlace>
  backoff: Backoff
}

/**
 * Waits until somebody decides, and follows a server that goes (`server.draining`) to another, make before break. Rejects
 * with the reason of the hooks' signal only, after telling the server.
 */
export const waitAt = (first: LobbyPlace, deps: WaitDeps): Promise<WaitEnd> =>
  new Promise((resolve, reject) => new LobbyWait(first, deps, { resolve, reject }).start())

interface Settle {
  resolve(end: WaitEnd): void
  reject(reason: unknown): void
}

const moveAttempts = 4
/** A decision that was being carried out when we moved is still told on the old socket; longer than that takes. */
const farewellMs = 2_000

class LobbyWait {
  readonly #deps: WaitDeps
  readonly #settle: Settle
  #place: LobbyPlace
  /** Where we waited before, until its server has closed it. */
  #former: LobbyPlace | null = null
  #move: 'none' | 'under way' | 'the only hope' = 'none'
  #moveError: unknown = null
  #state: 'waiting' | 'over' | 'given up' = 'waiting'
  #stopMove = () => {}
  #stopFarewell = () => {}

  constructor(first: LobbyPlace, deps: WaitDeps, settle: Settle) {
    this.#place = first
    this.#deps = deps
    this.#settle = settle
  }

  start(): void {
    const { signal } = this.#deps.hooks
    if (signal?.aborted) return this.#giveUp()
    signal?.addEventListener('abort', this.#giveUp)
    this.#tellPosition()
    this.#listenTo(this.#place)
  }

  #listenTo(place: LobbyPlace): void {
    place.socket.attach({
      message: (message) => this.#hear(place, message),
      lost: (loss) => this.#lost(place, new SocketLost(loss, false)),
    })
  }

  #tellPosition(): void {
    this.#deps.hooks.onWaiting?.(this.#place.waiting.position)
  }

  #hear(place: LobbyPlace, message: ServerMessage): void {
    const failure = failureOf(message)
    if (failure) return this.#lost(place, failure)
    switch (message.type) {
      case 'lobby.waiting': {
        // Said again with another token where another node goes on with the wait.
        const moved = message.payload.position !== place.waiting.position
        place.waiting = message.payload
        if (moved && place === this.#place) this.#tellPosition()
        return
      }
      case 'server.draining':
        place.goesAt ??= performance.now() + message.payload.reconnectAfterMs
        if (place === this.#place) this.#moveAfter(message.payload.reconnectAfterMs, 1)
        return
      case 'lobby.result':
        if (message.payload.admitted) this.#admitted(place, message.payload)
    }
  }

  /** The next listener of the socket is told too that its server goes. */
  #admitted(place: LobbyPlace, joined: RoomJoined): void {
    const { socket, goesAt } = place
    const reconnectAfterMs = Math.max(0, Math.ceil((goesAt ?? 0) - performance.now()))
    this.#finish('over', place)
    socket.detach(goesAt === undefined ? [] : [{ type: 'server.draining', payload: { reconnectAfterMs } }])
    this.#settle.resolve({ is: 'admitted', place, joined })
  }

  #lost(place: LobbyPlace, error: unknown): void {
    place.socket.drop()
    const isFinal = !(error instanceof SocketLost) && nextAfter(error).is === 'over'
    if (isFinal) return this.#end(error)
    if (place === this.#former) return this.#forgetFormer()
    if (this.#former) return this.#backTo(this.#former, error)
    if (this.#move === 'under way') this.#move = 'the only hope'
    // It was we who resumed it elsewhere, though that was not answered.
    else this.#end(isElsewhere(error) ? (this.#moveError ?? error) : error)
  }

  /** The new socket was of no use: the old one may be about to be let in, and if not, it is closed. */
  #backTo(former: LobbyPlace, error: unknown): void {
    this.#stopFarewell()
    this.#stopMove()
    former.waiting = this.#place.waiting
    this.#place = former
    this.#former = null
    this.#moveError = error
  }

  #forgetFormer(): void {
    this.#stopFarewell()
    this.#former?.socket.drop(true)
    this.#former = null
  }

  #moveAfter(ms: number, attempt: number): void {
    this.#stopMove()
    this.#stopMove = later(ms, () => {
      if (this.#move !== 'none') return
      this.#move = 'under way'
      this.#deps.resume(this.#place).then(
        (place) => this.#moved(place),
        (error: unknown) => this.#notMoved(error, attempt),
      )
    })
  }

  #moved(to: LobbyPlace): void {
    if (this.#state === 'given up') to.socket.send('room.leave', {})
    if (this.#state !== 'waiting') return to.socket.drop()
    const from = this.#place
    this.#forgetFormer()
    if (this.#move === 'under way') {
      this.#former = from
      this.#stopFarewell = later(farewellMs, () => this.#forgetFormer())
    }
    this.#move = 'none'
    this.#moveError = null
    this.#place = to
    if (to.waiting.position !== from.waiting.position) this.#tellPosition()
    this.#listenTo(to)
  }

  /** While the old socket is there, nothing is lost; when it goes, that is what ends the wait. */
  #notMoved(error: unknown, attempt: number): void {
    if (this.#state !== 'waiting') return
    if (this.#move === 'the only hope') return this.#end(error)
    this.#move = 'none'
    this.#moveError = error
    if (attempt < moveAttempts && nextAfter(error).is === 'again')
      this.#moveAfter(backoffMs(attempt, this.#deps.backoff), attempt + 1)
  }

  readonly #giveUp = (): void => {
    if (this.#state !== 'waiting') return
    this.#place.socket.send('room.leave', {})
    this.#finish('given up')
    this.#settle.reject(this.#deps.hooks.signal?.reason)
  }

  #end(error: unknown): void {
    this.#finish('over')
    this.#settle.resolve({ is: 'lost', place: this.#place, error })
  }

  /** Drops every socket but that of `kept`. */
  #finish(state: 'over' | 'given up', kept?: LobbyPlace): void {
    this.#state = state
    this.#stopMove()
    this.#stopFarewell()
    this.#deps.hooks.signal?.removeEventListener('abort', this.#giveUp)
    for (const place of [this.#place, this.#former]) if (place !== kept) place?.socket.drop(true)
  }
}

const isElsewhere = (error: unknown): boolean =>
  error instanceof SocketLost && error.loss.code === closeCodes.resumedElsewhere.code
