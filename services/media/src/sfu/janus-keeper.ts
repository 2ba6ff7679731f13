import { createPoller, type Clock, type Logger, type Poller } from '@parley/kit'
import type { JanusAdmin } from '../janus/admin.ts'
import type { CpuReader } from '../janus/cpu.ts'
import { LoadMeter } from '../janus/load-meter.ts'
import { RoomKeeper, type RoomKeeperDeps } from './room-keeper.ts'
import { roomsAt, type OpenRoom, type SfuDb } from './rooms-store.ts'
import { holdServer, releaseServer, reportServer, type JanusLoad } from './servers-store.ts'
import type { SfuRooms } from './sfu-rooms.ts'

export interface JanusKeeperDeps extends Omit<RoomKeeperDeps, 'rooms'> {
  db: SfuDb
  clock: Clock
  log: Logger
  admin: JanusAdmin
  cpu: CpuReader
  rooms: SfuRooms
  /** This replica. */
  holder: string
  /** Whether the configuration drains this Janus. */
  draining: boolean
}

const everyMs = 1_000
/** Janus is in bad health when it has not answered for this long, at least twice. */
const patienceMs = 3_500
const failuresToBeGone = 2
/** A room that no row tells of: another replica may be about to write it down. */
const orphanAfterMs = 20_000
const movesAtOnce = 5
/** Every room is compared at least this often; what the bus tells is acted upon at once. */
const compareEveryMs = 2_000
const comparedAtOnce = 8

/**
 * Keeps one Janus, on one replica at a time: tells by its answers whether it is healthy. It moves the rooms of an unhealthy one, or of one
 * being drained. It makes lost rooms anew, sweeps those that belong to no meeting, and has each room kept.
 */
export class JanusKeeper {
  readonly #deps: JanusKeeperDeps
  readonly #keepers = new Map<string, RoomKeeper>()
  readonly #orphans = new Map<string, number>()
  readonly #poller: Poller
  readonly #meter: LoadMeter
  /** The round under way. */
  #turn: Promise<void> = Promise.resolve()
  #answeredAt: number
  #failures = 0
  #comparedAt = 0
  #isDraining = false
  #holds = false

  constructor(deps: JanusKeeperDeps) {
    this.#deps = deps
    this.#meter = new LoadMeter(deps.admin)
    this.#answeredAt = deps.clock.monotonic()
    this.#poller = createPoller(() => (this.#turn = this.#round()), everyMs)
  }

  start(): Promise<void> {
    return this.#poller.start()
  }

  /** Rooms that this replica keeps at this Janus. */
  get rooms(): number {
    return this.#keepers.size
  }

  /** The load of this Janus, as this replica was told last; null: another replica keeps it. */
  get load(): JanusLoad | null {
    if (!this.#holds) return null
    const { sessions, streams, bitsPerSecond } = this.#meter.load
    const { cores } = this.#deps.cpu
    const publishers = [...this.#keepers.values()].reduce((sum, keeper) => sum + keeper.publishers, 0)
    const cpuPercent = cores === null ? null : Math.round(cores * 1_000) / 10
    return { sessions, publishers, streams, kbps: Math.round(bitsPerSecond / 1_000), cpuPercent }
  }

  async stop(): Promise<void> {
    this.#poller.stop()
    // It may take rooms yet.
    await this.#turn
    await this.#letGo()
    const { db, janus, holder, log } = this.#deps
    await releaseServer(db, janus.id, holder).catch((err: unknown) =>
      log.warn(
        { err, janus: janus.id },
        'a Janus is not given back; another replica keeps it once the hold has run out',
      ),
    )
  }

  /** The session with Janus has begun anew: our places in its rooms are gone. */
  lostPlaces(): void {
    for (const keeper of this.#keepers.values()) keeper.lostPlace()
  }

  async #round(): Promise<void> {
    const { db, janus, holder, log } = this.#deps
    try {
      const held = await holdServer(db, janus.id, holder)
      if (held === null) return await this.#letGo()
      this.#isDraining = held.draining || this.#deps.draining
      await this.#keep()
    } catch (err) {
      log.warn({ err, janus: janus.id }, 'a Janus could not be looked after; it will be tried again')
    }
  }

  async #keep(): Promise<void> {
    const { db, janus, holder } = this.#deps
    const healthy = await this.#look()
    const rooms = await roomsAt(db, janus.id)
    if (!healthy || this.#isDraining) await this.#moveAway(rooms, healthy)
    if (healthy) await this.#tend(rooms)
    this.#holds = true
    this.#measure()
    const load = this.load
    if (load !== null) await reportServer(db, { id: janus.id, holder, healthy: healthy && !this.#isDraining, load })
  }

  /** Whether it is in health. One that comes back after a standstill, of it or of us, is asked before it is judged. */
  async #look(): Promise<boolean> {
    const { clock, janus } = this.#deps
    if (await janus.link.answers()) {
      this.#answeredAt = clock.monotonic()
      this.#failures = 0
      return true
    }
    this.#failures += 1
    return this.#failures < failuresToBeGone || clock.monotonic() - this.#answeredAt < patienceMs
  }

  async #moveAway(rooms: readonly OpenRoom[], healthy: boolean): Promise<void> {
    const { rooms: all, log, janus } = this.#deps
    const some = healthy ? rooms.slice(0, movesAtOnce) : rooms
    const moved = await mapInBatches(some, movesAtOnce, (room) => all.move(room, 'from-its-janus'))
    const count = moved.filter(Boolean).length
    if (count > 0) log.warn({ janus: janus.id, healthy, moved: count, of: some.length }, 'rooms move to another Janus')
    if (!healthy) await this.#letGo()
  }

  async #tend(rooms: readonly OpenRoom[]): Promise<void> {
    const { janus, clock, rooms: all } = this.#deps
    if (!janus.link.up) return
    const there = new Set((await janus.rooms.list()).map(({ room }) => room))
    const lost = rooms.filter(({ room }) => !there.has(room))
    await mapInBatches(lost, movesAtOnce, (room) => all.move(room, 'to-any'))
    await this.#sweep(there, new Set(rooms.map(({ room }) => room)))
    await this.#watch(rooms.filter(({ room }) => there.has(room)))
    if (clock.monotonic() - this.#comparedAt < compareEveryMs) return
    this.#comparedAt = clock.monotonic()
    await mapInBatches([...this.#keepers.values()], comparedAtOnce, (keeper) => keeper.check())
  }

  /** Destroys rooms that have belonged to no meeting for a while. */
  async #sweep(there: ReadonlySet<string>, known: ReadonlySet<string>): Promise<void> {
    const { clock, log, janus } = this.#deps
    const now = clock.monotonic()
    for (const room of this.#orphans.keys()) if (!there.has(room) || known.has(room)) this.#orphans.delete(room)
    for (const room of there) {
      if (known.has(room)) continue
      const since = this.#orphans.get(room) ?? now
      this.#orphans.set(room, since)
      if (now - since < orphanAfterMs) continue
      await janus.rooms.destroy(room)
      log.info({ janus: janus.id }, 'a room that belongs to no meeting is destroyed')
    }
  }

  async #watch(rooms: readonly OpenRoom[]): Promise<void> {
    const wanted = new Map(rooms.map((room) => [room.room, room]))
    for (const [id, keeper] of this.#keepers) {
      if (wanted.has(id)) continue
      this.#keepers.delete(id)
      await keeper.stop()
    }
    for (const [id, room] of wanted) {
      if (this.#keepers.has(id)) continue
      const keeper = new RoomKeeper(room, this.#deps)
      this.#keepers.set(id, keeper)
      void keeper.check()
    }
  }

  /** Not waited for: a Janus that stands still must not hold up the judgement on it. */
  #measure(): void {
    if (!this.#deps.janus.link.up) return this.#meter.forget()
    void this.#meter.turn()
    void this.#deps.cpu.read()
  }

  async #letGo(): Promise<void> {
    this.#holds = false
    this.#meter.forget()
    const keepers = [...this.#keepers.values()]
    this.#keepers.clear()
    this.#orphans.clear()
    await Promise.all(keepers.map((keeper) => keeper.stop()))
  }
}

/** Does `work` to all, at most `width` at a time. */
async function mapInBatches<T, R>(all: readonly T[], width: number, work: (one: T) => Promise<R>): Promise<R[]> {
  const results: R[] = []
  for (let at = 0; at < all.length; at += width)
    results.push(...(await Promise.all(all.slice(at, at + width).map(work))))
  return results
}
