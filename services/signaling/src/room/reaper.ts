import { occupiedRooms, wire } from '@parley/contracts'
import type { Kv, Logger } from '@parley/kit'
import type { Command } from './decide.ts'
import type { LiveRoom } from './live-room.ts'
import { forEach } from './for-each.ts'
import type { RoomRegistry } from './registry.ts'
import type { StoreLife } from './store-life.ts'

export interface ReaperDeps {
  node: string
  rooms: RoomRegistry
  kv: Pick<Kv, 'announce' | 'expired' | 'withdraw'>
  life: StoreLife
  log: Logger
  /** Whether the lease of a signaling node has run out. */
  isGone(node: string): boolean
  /** Whether others may have seen this node's lease run out at `at` (ms since 1970, by the store's clock). */
  hadRunOut(at: number): boolean
}

const announceEveryMs = 2_000
const announceTtlMs = 6_000
const adoptEveryMs = 1_000
const adoptedAtOnce = 32
type Reaping = Extract<Command, { kind: 'socket-lost' | 'reclaim' | 'grace-over' }>

const everyMs = 250
const lobbyEveryMs = 2_000

/**
 * Makes what the rooms say and what is so agree again, four times a second: who has lost the socket is marked and leaves after the
 * grace, also those of nodes whose lease ran out; who was marked wrongly, because this node was slow to renew, is taken back;
 * and a socket whose session is over or elsewhere is closed. Every node does it for every room it has; the commit lets one of
 * them succeed. Rooms that only a dead node had are found by their announcement having run out.
 */
export class Reaper {
  readonly #deps: ReaperDeps
  /** Sessions about which a command is under way: while the store is slow, one at a time. */
  readonly #asked = new Set<string>()
  /** The rooms announced last; one that is occupied since is announced with the next tick, so that it is found if this node dies. */
  #announced: ReadonlySet<string> = new Set()
  #timers: NodeJS.Timeout[] = []
  #adopting = false

  constructor(deps: ReaperDeps) {
    this.#deps = deps
  }

  start(): void {
    this.#timers = [
      setInterval(() => this.#tick(), everyMs),
      setInterval(() => this.#deps.rooms.refreshLobbies(), lobbyEveryMs),
      setInterval(() => this.#announceAll(), announceEveryMs),
      setInterval(() => void this.#adoptOrphans(), adoptEveryMs),
    ]
  }

  stop(): void {
    for (const timer of this.#timers) clearInterval(timer)
  }

  /** Closes the sockets here whose session has ended or is on another node: this node was not told, or stood still. */
  fence(room: LiveRoom): void {
    for (const [id, local] of room.locals) {
      const seat = room.state.seats.get(id)
      if (local.entering) continue
      if (!local.attached && !seat) room.locals.delete(id)
      if (!local.attached) continue
      if (seat?.node === this.#deps.node && seat.sessionId === local.sessionId) {
        local.seatedIn = room.state.epoch
        continue
      }
      room.locals.delete(id)
      // After a restoration the seat may be one of before: then the client had better ask than stop.
      const isSameEpoch = local.seatedIn === null || local.seatedIn === room.state.epoch
      local.close(seat && isSameEpoch ? 'resumedElsewhere' : 'serverGoingAway')
    }
  }

  #tick(): void {
    for (const room of this.#deps.rooms.rooms()) {
      this.fence(room)
      this.#reap(room)
    }
    this.#announceNew()
    this.#deps.rooms.tend()
  }

  #reap(room: LiveRoom): void {
    const { isGone, life, node } = this.#deps
    for (const { participant, sessionId, node: owner, lostAt } of room.state.seats.values()) {
      const by = participant.id
      const local = room.locals.get(by)
      const here = owner === node && (local?.attached === true || local?.entering === true)
      const gone = owner === node ? !here : isGone(owner)
      if (lostAt === null && gone) this.#submit(room, { kind: 'socket-lost', by, sessionId, node: owner })
      if (lostAt === null) continue
      if (here) this.#submit(room, { kind: 'reclaim', by, sessionId, node }, () => this.#giveUp(room, by, lostAt))
      else if (lostAt + wire.graceMs <= life.now()) this.#submit(room, { kind: 'grace-over', by, sessionId })
    }
  }

  /**
   * Others could say that the socket is lost, and this node cannot say that it is not: its client is better off elsewhere. If
   * it could at that time, the store has gone since, for the others as well: then it is said when the store is back.
   */
  #giveUp(room: LiveRoom, participantId: string, lostAt: number): void {
    if (!this.#deps.hadRunOut(lostAt)) return
    const local = room.locals.get(participantId)
    room.locals.delete(participantId)
    local?.close('serverGoingAway')
  }

  #submit(room: LiveRoom, command: Reaping, failed?: () => void): void {
    if (this.#asked.has(command.sessionId)) return
    this.#asked.add(command.sessionId)
    room
      .submit(command)
      .catch((err: unknown) => {
        this.#deps.log.warn({ err, meetingId: room.meetingId }, 'a lost participant could not be reaped yet')
        failed?.()
      })
      .finally(() => this.#asked.delete(command.sessionId))
  }

  #announceAll(): void {
    const present = this.#occupied()
    this.#announced = new Set(present)
    void this.#announce(present)
  }

  #announceNew(): void {
    const fresh = this.#occupied().filter((meetingId) => !this.#announced.has(meetingId))
    if (fresh.length === 0) return
    this.#announced = new Set([...this.#announced, ...fresh])
    void this.#announce(fresh)
  }

  #occupied(): string[] {
    return [...this.#deps.rooms.rooms()].filter(({ state }) => state.seats.size > 0).map(({ meetingId }) => meetingId)
  }

  async #announce(meetingIds: readonly string[]): Promise<void> {
    const { kv, log } = this.#deps
    if (meetingIds.length === 0) return
    await kv
      .announce(occupiedRooms, meetingIds, announceTtlMs)
      .catch((err: unknown) => log.warn({ err }, 'rooms could not be announced'))
  }

  /** In parallel, so that people of a dead node are seen to leave in time however many rooms it had. */
  async #adoptOrphans(): Promise<void> {
    if (this.#adopting) return
    this.#adopting = true
    const { kv, log } = this.#deps
    try {
      await forEach(await kv.expired(occupiedRooms), adoptedAtOnce, (meetingId) => this.#adopt(meetingId))
    } catch (err) {
      log.warn({ err }, 'rooms of lost nodes could not be looked up')
    } finally {
      this.#adopting = false
    }
  }

  async #adopt(meetingId: string): Promise<void> {
    const { kv, log, rooms } = this.#deps
    try {
      const room = await rooms.open(meetingId)
      if (room.state.seats.size === 0) await kv.withdraw(occupiedRooms, meetingId)
    } catch (err) {
      log.warn({ err, meetingId }, 'the room of a lost node could not be opened yet')
    }
  }
}
