import { randomUUID } from 'node:crypto'
import { signalingBus, type RoomChange, type ShownParticipant } from '@parley/contracts'
import { subscribe, type Bus, type BusSubscription, type Clock, type Logger } from '@parley/kit'
import { isJanusError, videoRoomCodes } from '../janus/janus-error.ts'
import type { JanusEvent, JanusHandle } from '../janus/janus-link.ts'
import { signRoomToken } from '../janus/tokens.ts'
import { Feeds } from './feeds.ts'
import { bitrateFor } from './limits.ts'
import type { Rosters } from './rosters.ts'
import type { OpenRoom } from './rooms-store.ts'
import type { RoomLimits } from '../janus/video-room.ts'
import type { JanusConnection, SfuRooms } from './sfu-rooms.ts'

export interface RoomKeeperDeps {
  janus: JanusConnection
  bus: Bus
  clock: Clock
  log: Logger
  rosters: Rosters
  rooms: Pick<SfuRooms, 'close'>
  limits: RoomLimits
  tokenSecret: string
}

/** A meeting whose room is empty for this long needs no room in the SFU. */
const keepEmptyMs = 20_000
const joinTokenMs = 60_000
/** The feeds of the keepers themselves begin with this: no participant's does. */
const keeperPrefix = 'parley-'

/**
 * Makes one room at Janus follow the meeting's: it mutes what participants do not show and takes out feeds of people who are not in the
 * room. The room goes when the meeting is over. It hears of what is published by being in the room itself, and of the rest from the
 * bus; either may get lost, so it compares again with every `check`.
 */
export class RoomKeeper {
  readonly room: OpenRoom
  readonly #deps: RoomKeeperDeps
  readonly #feeds = new Feeds()
  readonly #subscription: BusSubscription
  #place: JanusHandle | null = null
  #running: Promise<void> | null = null
  #again = false
  #stopped = false
  #emptySince: number | null = null
  /** As the room has it. */
  #bitrate = 0

  constructor(room: OpenRoom, deps: RoomKeeperDeps) {
    this.room = room
    this.#deps = deps
    const { bus, log } = deps
    this.#subscription = subscribe(
      bus,
      signalingBus.room,
      { meetingId: room.meetingId },
      (news) => {
        if (news.kind === 'commit' && news.changes.some(concernsMedia)) void this.check()
      },
      log,
    )
  }

  get publishers(): number {
    return this.#feeds.publishers
  }

  /** Compares and mends; once more if it is called meanwhile. Never rejects. */
  check(): Promise<void> {
    if (this.#running !== null) {
      this.#again = true
      return this.#running
    }
    this.#running = this.#run().finally(() => (this.#running = null))
    return this.#running
  }

  /** Janus has lost our session, and with it our place in the room. */
  lostPlace(): void {
    this.#place = null
    this.#feeds.clear()
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.#subscription.unsubscribe()
    await this.#place?.detach()
  }

  async #run(): Promise<void> {
    do {
      this.#again = false
      try {
        await this.#compare()
      } catch (err) {
        this.#deps.log.debug({ err, meetingId: this.room.meetingId }, 'a room of the SFU is compared again later')
      }
    } while (this.#again && !this.#stopped)
  }

  async #compare(): Promise<void> {
    const { janus, rosters } = this.#deps
    const { room, meetingId } = this.room
    this.#place ??= await this.#takePlace()
    if (this.#stopped) return this.#place.detach()
    // Feeds first: whoever comes in between is in the roster, but not yet among them.
    const feeds = await janus.rooms.participants(room)
    const { people, ended } = await rosters.now(meetingId)
    if (this.#stopped) return
    if (ended || this.#isEmpty(people)) return this.#close()
    const byId = new Map(people.map((participant) => [participant.participantId, participant]))
    await Promise.all([this.#mute(byId), this.#removeStrangers(feeds, byId), this.#share(people)])
  }

  /** New publishers begin with this bitrate; the gateway tells those who publish already. */
  async #share(participants: readonly ShownParticipant[]): Promise<void> {
    const bitrate = bitrateFor(participants, this.#deps.limits)
    if (bitrate === this.#bitrate) return
    await this.#deps.janus.rooms.edit(this.room.room, { new_bitrate: bitrate })
    this.#bitrate = bitrate
  }

  async #mute(participants: ReadonlyMap<string, ShownParticipant>): Promise<void> {
    const { rooms } = this.#deps.janus
    await Promise.all(
      this.#feeds.due(participants).map(async (muting) => {
        await rooms.mute(this.room.room, muting)
        this.#feeds.told(muting)
      }),
    )
  }

  async #removeStrangers(feeds: readonly { id: string }[], participants: ReadonlyMap<string, unknown>): Promise<void> {
    const { janus, log } = this.#deps
    const strangers = feeds.filter(({ id }) => !participants.has(id) && !id.startsWith(keeperPrefix))
    await Promise.all(
      strangers.map(async ({ id }) => {
        await janus.rooms.kick(this.room.room, id)
        this.#feeds.forget(id)
        log.debug({ meetingId: this.room.meetingId, feed: id }, 'a feed whose participant has left is taken out')
      }),
    )
  }

  async #takePlace(): Promise<JanusHandle> {
    const { janus, tokenSecret, clock } = this.#deps
    const handle = await janus.link.attach((event) => this.#hear(event))
    try {
      const { room } = this.room
      // The clock of Janus is the one that counts: a minute is more than both may differ.
      const token = signRoomToken(tokenSecret, room, clock.now() + joinTokenMs)
      const id = `${keeperPrefix}${randomUUID()}`
      this.#feeds.clear()
      this.#feeds.note(await handle.send({ request: 'join', ptype: 'publisher', room, id, token }))
      return handle
    } catch (error) {
      await handle.detach()
      if (isJanusError(error, videoRoomCodes.noSuchRoom)) this.#place = null
      throw error
    }
  }

  #hear(event: JanusEvent): void {
    if (this.#feeds.note(event)) void this.check()
    // Somebody with the room's secret took us out, or the room is gone: a new place shows which.
    if (event['videoroom'] === 'destroyed' || event['leaving'] === 'ok') this.lostPlace()
  }

  /** Nobody has been there for a while. */
  #isEmpty(participants: readonly unknown[]): boolean {
    const now = this.#deps.clock.monotonic()
    if (participants.length > 0) this.#emptySince = null
    else this.#emptySince ??= now
    return this.#emptySince !== null && now - this.#emptySince >= keepEmptyMs
  }

  async #close(): Promise<void> {
    const { rooms, log } = this.#deps
    await rooms.close(this.room)
    log.info({ meetingId: this.room.meetingId }, 'the room of a meeting in the SFU is closed')
  }
}

const concerning = new Set<RoomChange['kind']>(['joined', 'left', 'media', 'meeting', 'ended'])
const concernsMedia = ({ kind }: RoomChange): boolean => concerning.has(kind)
