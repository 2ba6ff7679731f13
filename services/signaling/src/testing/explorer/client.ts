import type { RoomJoined, RoomSnapshot } from '@parley/contracts'
import { isProblem, newId } from '@parley/kit'
import { answerWithinMs, ClientSocket, RefusedError, SocketClosedError } from './client-socket.ts'
import { newActor } from './loop.ts'
import { Register } from './register.ts'
import type { WireMessage } from './sockets.ts'
import { ClientView } from './view.ts'
import type { ModelWorld } from './world.ts'

/** Why a client is not in the meeting any more, and does not try to be. */
export type Stop = 'left' | 'removed' | 'ended' | 'elsewhere' | 'refused' | 'gone'

interface ModelSession {
  participantId: string
  sessionId: string
  resumeToken: string
  view: ClientView
  signals: number
}

const backoffMs = { least: 250, most: 4_000 }
const stops: Partial<Record<number, Stop>> = { 1000: 'left', 4403: 'removed', 4409: 'elsewhere', 4410: 'ended' }

/** Somebody who wants to be in the meeting, and does what the protocol tells clients to. */
export class ModelClient {
  readonly actor
  readonly userId: string
  readonly name: string
  session: ModelSession | null = null
  socket: ClientSocket | null = null
  /** In the room, as far as it knows. */
  isIn = false
  stopped: { why: Stop; code: string } | null = null
  /** It has asked to leave. */
  isLeaving = false
  mic: Register<boolean> | null = null
  hand: Register<boolean> | null = null
  /** When it asked to come in, or to come back, with this session for the last time that it could. */
  enteredAt = 0
  /** Of the attempt under way. */
  #enteringAt = 0
  readonly #world: ModelWorld
  readonly #heard = new Set<number>()
  #syncing = false
  #attempts = 0
  #onClosed: (code: number) => void = () => {}

  constructor(world: ModelWorld, { userId, name }: { userId: string; name: string }) {
    this.#world = world
    this.userId = userId
    this.name = name
    this.actor = newActor(name)
  }

  /** Comes in, and stays in until something tells it not to. */
  async run(): Promise<void> {
    while (this.stopped === null) {
      try {
        await (this.session ? this.#resume(this.session) : this.#join())
        this.#attempts = 0
        await this.#untilClosed()
      } catch (error) {
        this.#after(error)
      }
      this.isIn = false
      if (this.stopped !== null) return
      this.#attempts += 1
      await this.#pause(Math.min(backoffMs.most, backoffMs.least * 2 ** this.#attempts))
    }
  }

  /** Closes the page: nobody is there any more. `silently`: the network goes first. */
  vanish(silently: boolean): void {
    this.stop('gone', silently ? 'vanished' : 'closed')
    if (silently) this.socket?.wire.fallSilent()
    else this.socket?.close()
    this.actor.state = 'dead'
  }

  stop(why: Stop, code: string): void {
    if (this.stopped) return
    this.stopped = { why, code }
    this.isIn = false
    this.#world.note(`${this.name} stops: ${why} ${code}`)
    this.#world.judge.stopped(this)
  }

  /** Asks, and goes on where the socket was lost before the answer: what is repeated after a resume has the same id. */
  async act(type: string, payload: object): Promise<WireMessage | null> {
    const { session, socket } = this
    if (!socket || !session || !this.isIn) return null
    const requestId = newId()
    const text = JSON.stringify({ type, requestId, payload })
    try {
      return await socket.repeat(text, requestId)
    } catch (error) {
      this.#world.note(`${this.name} ${type}: ${String(error instanceof Error ? error.message : error)}`)
      if (!(error instanceof SocketClosedError)) return null
      await this.#pause(this.#world.random.between(200, 3_000))
      if (this.session !== session || !this.isIn) return null
      return (await this.socket?.repeat(text, requestId).catch(() => null)) ?? null
    }
  }

  async setMic(on: boolean): Promise<void> {
    const { loop } = this.#world
    const done = this.mic?.write(on, loop.now)
    if ((await this.act('media.update', { mic: on }))?.type === 'ack') done?.(loop.now)
  }

  async setHand(raised: boolean): Promise<void> {
    const { loop } = this.#world
    const done = this.hand?.write(raised, loop.now)
    if ((await this.act(raised ? 'hand.raise' : 'hand.lower', {}))?.type === 'ack') done?.(loop.now)
  }

  async leave(): Promise<void> {
    this.isLeaving = true
    const { loop } = this.#world
    const from = loop.now
    const answer = await this.act('room.leave', {})
    // A client without an answer is gone all the same.
    if (answer?.type !== 'room.left' && loop.now < from + answerWithinMs) return
    this.stop('left', 'left')
    this.socket?.close()
  }

  async #join(): Promise<void> {
    const { loop, meetings, random } = this.#world
    await this.#pause(random.between(1, 40))
    const roomToken = meetings.admit(this.userId)
    this.#enteringAt = loop.now
    const device = { mic: true, cam: true }
    const answer = await this.#open().request('room.join', { roomToken, device })
    const joined = answer.payload as unknown as RoomJoined
    const { selfParticipant, sessionId, resumeToken } = joined
    const { now } = loop
    const view = new ClientView(joined)
    this.session = { participantId: selfParticipant.id, sessionId, resumeToken, view, signals: 0 }
    this.mic = new Register(selfParticipant.mic, now)
    this.hand = new Register(false, now)
    this.#enter(`joined at ${joined.v}`)
  }

  async #resume(session: ModelSession): Promise<void> {
    const { sessionId, resumeToken, view, signals } = session
    // A participant who comes back after the grace has lost the hand.
    this.hand?.write(false, this.#world.loop.now)
    this.#enteringAt = this.#world.loop.now
    const asked = { sessionId, resumeToken, v: view.v, signalSeq: signals }
    const { payload } = await this.#open().request('room.resume', asked)
    const { delta, snapshot } = payload as { delta?: object; snapshot?: RoomSnapshot }
    session.resumeToken = String(payload['resumeToken'])
    // The peer connections begin anew then, and what comes a second time harms nobody.
    if (payload['signalsLost'] === true) this.#heard.clear()
    for (const { data } of payload['signals'] as { data: { n: number } }[]) this.#signal(data.n)
    session.signals = Number(payload['signalSeq'])
    const type = delta ? 'room.delta' : 'room.snapshot'
    this.#take({ type, payload: { ...(delta ?? snapshot) } })
    this.#enter(`resumed at ${view.v}`)
  }

  #open(): ClientSocket {
    const world = this.#world
    const node = world.random.pick(world.nodes.filter(({ actor }) => actor.state !== 'dead')) ?? world.anyNode
    this.socket?.close()
    world.note(`${this.name} opens a socket on ${node.name}`)
    const socket: ClientSocket = new ClientSocket(world, {
      actor: this.actor,
      node,
      userId: this.userId,
      listener: {
        message: (message) => this.socket === socket && this.#take(message),
        closed: (code) => this.socket === socket && this.#onClosed(code),
      },
    })
    this.socket = socket
    return socket
  }

  #enter(how: string): void {
    this.isIn = true
    this.enteredAt = this.#enteringAt
    this.#world.note(`${this.name} ${how} as ${this.session?.participantId.slice(-6)}`)
  }

  async #untilClosed(): Promise<void> {
    const code = this.socket?.closedWith ?? (await new Promise<number>((resolve) => (this.#onClosed = resolve)))
    throw new SocketClosedError(code)
  }

  /** The meaning of a socket's end, or of a refusal, to a client. */
  #after(error: unknown): void {
    this.#world.note(`${this.name}: ${error instanceof Error ? error.message : String(error)}`)
    if (error instanceof SocketClosedError) {
      const why = stops[error.code]
      if (why) this.stop(why, String(error.code))
      return
    }
    this.socket?.close()
    if (isProblem(error)) return this.stop(error.code === 'meeting-over' ? 'ended' : 'refused', error.code)
    if (!(error instanceof RefusedError)) throw error
    if (error.code === 'resume-failed' || error.next === 'rejoin') {
      if (this.session) this.#world.judge.resumeFailed(this)
      this.session = null
    }
    if (error.code === 'meeting-over') this.stop('ended', error.code)
    else if (!error.retryable && !['resume-failed', 'room-token-invalid'].includes(error.code))
      this.stop('refused', error.code)
  }

  #take(message: WireMessage): void {
    const { session } = this
    if (!session) return
    if (message.type === 'rtc.signal') {
      session.signals += 1
      return this.#signal((message.payload['data'] as { n: number }).n)
    }
    const how = session.view.take(message)
    if (how === 'gap') void this.#sync(session)
    if (how === 'back') this.#world.judge.wentBack(this, session.view.v)
  }

  #signal(n: number): void {
    if (this.#heard.has(n)) this.#world.judge.heardTwice(this, n)
    this.#heard.add(n)
  }

  async #sync(session: ModelSession): Promise<void> {
    const { socket } = this
    if (this.#syncing || !socket || !this.isIn) return
    this.#syncing = true
    try {
      const answer = await socket.request('room.sync', { v: session.view.v })
      if (this.session === session && this.socket === socket) session.view.take(answer)
    } catch {
      await this.#pause(500)
    } finally {
      this.#syncing = false
    }
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => this.#world.loop.after(ms, this.actor, resolve))
  }
}
