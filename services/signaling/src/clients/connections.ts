import { randomInt } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { wire, type LinkAttach, type Principal } from '@parley/contracts'
import { TokenBucket } from '@parley/kit'
import type { Context } from '../node/context.ts'
import { holdWhile, receive } from './dispatch.ts'
import { messageFrame, pingFrame } from '../room/frames.ts'
import type { LiveRoom } from '../room/live-room.ts'
import { giveIce } from '../session/enter.ts'
import { Answers } from '../session/answers.ts'
import type { ClientSocket } from '../session/client-socket.ts'
import type { Connection } from '../session/session.ts'

const tickMs = 250
/** When the event loop has stood still for longer than this, the lease of this node may have run out. */
const standstillMs = 3_000
const maxReadings = 4
const readAgainAfterMs = 200
/** The time that ticks add before a silent client leaves. It counts so that the client leaves in time. */
const silenceSlackMs = 500
const expiryToleranceMs = 30_000
/** Of WebSocket: a close without a code. */
const noStatus = 1005
/** Everything together, counted before anything is parsed. */
const flood = { perSecond: 90, burst: 320 }

/**
 * Every client with a session at this node: the heartbeat, and what happens when one goes. All of that is measured by the monotonic clock;
 * only the end of a token is a time that another machine has set.
 */
export class Connections {
  readonly #context: Context
  readonly #fence: (room: LiveRoom) => void
  readonly #all = new Set<Connection>()
  #timer: NodeJS.Timeout | undefined
  #ranAt: number

  /** `fence` closes the sockets of a room whose session is over or on another node. */
  constructor(context: Context, { fence }: { fence: (room: LiveRoom) => void }) {
    this.#context = context
    this.#fence = fence
    this.#ranAt = context.clock.monotonic()
  }

  get size(): number {
    return this.#all.size
  }

  /** @throws ProblemError `rate-limited` when this person has their share of the sockets */
  checkShareOrThrow({ userId }: Principal): void {
    this.#context.shares.checkOrThrow(userId)
  }

  all(): Iterable<Connection> {
    return this.#all
  }

  start(): void {
    this.#ranAt = this.#context.clock.monotonic()
    this.#timer = setInterval(() => this.#tick(), tickMs)
    this.#context.auth.revocations.onRevoked(() => this.#dropRevoked())
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  /**
   * Takes a client's socket, whose maker says what comes by `receive`, and when it is `lost`. `principal` is the one of the handshake's
   * token, null if there was none; `requestId` is the handshake's.
   */
  add(
    socket: ClientSocket,
    principal: Principal | null,
    { requestId, client }: Pick<LinkAttach, 'requestId' | 'client'>,
  ): Connection {
    const now = this.#context.clock.monotonic()
    const connection: Connection = {
      id: requestId,
      client,
      socket,
      session: principal ? { state: 'authenticated', principal } : { state: 'connected' },
      openedAt: now,
      lastFrameAt: now,
      nextPingAt: now + randomInt(wire.pingEveryMs),
      renewIceAt: null,
      idleSince: null,
      limits: {
        message: new TokenBucket(wire.message, now),
        signal: new TokenBucket(wire.signal, now),
        flood: new TokenBucket(flood, now),
      },
      strikes: 0,
      joinedWith: null,
      waiting: null,
      answers: new Answers(),
    }
    this.#all.add(connection)
    if (principal !== null) this.#context.shares.take(principal.userId)
    this.#context.journal.opened(connection)
    return connection
  }

  receive(connection: Connection, data: Buffer, isBinary: boolean): void {
    this.#wakeIfStoodStill()
    receive(this.#context, connection, data, isBinary)
  }

  /** Nobody is there to answer the close frame: the session is lost now, and has been since the last frame was due. */
  #dropSilent(connection: Connection): void {
    const { clock, life } = this.#context
    const dueAt = connection.lastFrameAt + wire.clientSilentMs - silenceSlackMs
    connection.socket.close('noHeartbeat')
    this.lost(connection, { at: life.now() - Math.floor(clock.monotonic() - dueAt) })
  }

  /** A socket is gone. `at`: since when, ms since 1970 by the clock of the room store; now if it is left out. `code`: the peer's close code. */
  lost(connection: Connection, { at, code = noStatus }: { at?: number; code?: number } = {}): void {
    const { session } = connection
    if (this.#all.delete(connection)) {
      if ('principal' in session) this.#context.shares.giveBack(session.principal.userId)
      this.#context.journal.closed(connection, session, connection.socket.closedWith ?? code)
    }
    connection.session = { state: 'closed' }
    // The place in the queue is kept by meetings for as long as the wait can be resumed.
    if (session.state === 'waiting') this.#context.rooms.peekLobby(session.room)?.remove(session.participantId)
    if (session.state !== 'joined') return
    const { room, local } = session
    const isOn = local.isOn(connection.socket)
    // Not of a session that has only gone on elsewhere.
    if (isOn || !room.state.seats.has(local.participantId)) this.#context.ice.release(local)
    if (!isOn) return
    local.detach()
    const { log, node } = this.#context
    room
      .submit({
        kind: 'socket-lost',
        by: local.participantId,
        sessionId: local.sessionId,
        node,
        ...(at !== undefined && { at }),
      })
      .catch((err: unknown) => log.warn({ err, meetingId: room.meetingId }, 'a lost socket is left to the reaper'))
  }

  /**
   * After a standstill (a stopped or starved process) others may have declared this node's sessions lost, and resumed them:
   * rooms are read again before another frame is taken, and what is elsewhere is closed. Self-fencing, at the latest with
   * the next tick.
   */
  #wakeIfStoodStill(): void {
    const now = this.#context.clock.monotonic()
    const forMs = now - this.#ranAt
    if (forMs < standstillMs) return
    this.#ranAt = now
    this.#context.log.warn({ forMs }, 'this node stood still; its rooms are read again')
    const readings = new Map<LiveRoom, Promise<void>>()
    for (const connection of this.#all) {
      connection.lastFrameAt = now
      if (connection.session.state !== 'joined' || connection.waiting !== null) continue
      const { room } = connection.session
      const reading = readings.get(room) ?? this.#readAgain(room)
      readings.set(room, reading)
      void holdWhile(this.#context, connection, reading)
    }
  }

  /** Tried a few times: right after a standstill answers of before it count as late, though the store is there. */
  async #readAgain(room: LiveRoom): Promise<void> {
    for (let tries = 1; ; tries += 1) {
      try {
        await room.catchUp()
        return this.#fence(room)
      } catch (err) {
        if (tries === maxReadings) return this.#closeUnknown(room, err)
        await sleep(readAgainAfterMs)
      }
    }
  }

  /** Not known what became of its sessions: they find out on another node. */
  #closeUnknown(room: LiveRoom, err: unknown): void {
    const { log } = this.#context
    log.warn({ err, meetingId: room.meetingId }, 'a room could not be read again; its sockets are closed')
    for (const local of room.locals.values()) local.close('serverGoingAway')
  }

  #tick(): void {
    this.#wakeIfStoodStill()
    const { clock } = this.#context
    const [now, wallNow] = [clock.monotonic(), clock.now()]
    this.#ranAt = now
    const pings = new Map<LiveRoom | null, Buffer>()
    for (const connection of this.#all) {
      const { socket, session } = connection
      if (session.state === 'connected' && now - connection.openedAt > wire.authenticateWithinMs)
        socket.close('unauthenticated')
      else if (now - connection.lastFrameAt > wire.clientSilentMs) this.#dropSilent(connection)
      else if (isIdle(connection, now)) socket.close('normal', 'nothing was joined')
      else if (isExpired(connection, wallNow)) socket.close('unauthenticated', 'the access token has expired')
      else if (now >= connection.nextPingAt) this.#ping(connection, pings)
      if (connection.renewIceAt !== null && now >= connection.renewIceAt) this.#renewIce(connection)
      if (session.state === 'joined') session.local.forgetOld(now)
      else connection.answers.forgetPassing(now)
      if (connection.strikes > 0) connection.strikes -= 1
    }
  }

  #ping(connection: Connection, pings: Map<LiveRoom | null, Buffer>): void {
    const { clock } = this.#context
    connection.nextPingAt = clock.monotonic() + wire.pingEveryMs
    const room = connection.session.state === 'joined' ? connection.session.room : null
    const frame = pings.get(room) ?? pingFrame(room, clock.now())
    pings.set(room, frame)
    connection.socket.send(frame)
    if (connection.session.state === 'joined') connection.session.local.pinged()
  }

  #renewIce(connection: Connection): void {
    connection.renewIceAt = null
    if (connection.session.state !== 'joined') return
    const iceServers = giveIce(this.#context, connection, connection.session.local)
    connection.socket.send(messageFrame({ type: 'ice.update', payload: { iceServers } }))
  }

  #dropRevoked(): void {
    const { revocations } = this.#context.auth
    for (const { session, socket } of this.#all) {
      if ('principal' in session && revocations.isRevoked(session.principal))
        socket.close('unauthenticated', 'the session has ended')
    }
  }
}

/** Whether it has been signed in for too long without a room: neither joined, nor joining, nor in a lobby. Keeps the time for that. */
function isIdle(connection: Connection, now: number): boolean {
  const { session, waiting } = connection
  if (session.state !== 'authenticated' || waiting !== null) connection.idleSince = null
  else connection.idleSince ??= now
  return connection.idleSince !== null && now - connection.idleSince > wire.joinWithinMs
}

const isExpired = ({ session }: Connection, wallNow: number): boolean =>
  'principal' in session && session.principal.expiresAt * 1_000 + expiryToleranceMs < wallNow
