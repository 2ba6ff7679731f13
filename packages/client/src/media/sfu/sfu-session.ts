import type { Sfu } from '@parley/contracts'
import type { MediaView } from '../../api.ts'
import { later } from '../../time.ts'
import type { LocalMedia } from '../transport.ts'
import { demandOf } from './demand.ts'
import {
  cutCode,
  idOf,
  JanusError,
  readPublishers,
  readPublishing,
  type FeedStream,
  type JanusMessage,
} from './janus-messages.ts'
import { JanusSession } from './janus-session.ts'
import { Publisher } from './publisher.ts'
import { Subscriber } from './subscriber.ts'

export interface SfuSessionDeps {
  RTCPeerConnection: typeof globalThis.RTCPeerConnection
  WebSocket: typeof globalThis.WebSocket
  /** Renewed before it ends; always of the same room. */
  grant(): Sfu
  accessToken(): Promise<string>
  /** Something that one sees may be another. */
  changed(): void
  /** It is no more and cannot come back. */
  lost(error: unknown): void
  report(error: unknown): void
}

/** How long a connection may be down, though we look for new ways, before all of it is made anew. */
const brokenMs = 12_000
const checkMs = 2_000
/** Changes that come together are one change. */
const settleMs = 30
const againMs = 1_000

/** One stay in one VideoRoom of one Janus: who publishes what there, what we send, what we receive. */
export class SfuSession {
  readonly #deps: SfuSessionDeps
  readonly #session: JanusSession
  readonly #publisher: Publisher
  readonly #subscriber: Subscriber
  readonly #feeds = new Map<string, FeedStream[]>()
  #publishHandle = -1
  #privateId: unknown = undefined
  #view: MediaView | null = null
  #stopTimers = [() => {}, () => {}]
  #wellAt = performance.now()
  #isOver = false

  /** Joins the room. Rejects with a `JanusError`. */
  static async join(deps: SfuSessionDeps, view: MediaView | null): Promise<SfuSession> {
    let lostEarly: unknown = null
    let self: SfuSession | null = null
    const session = await JanusSession.create({
      grant: deps.grant,
      accessToken: deps.accessToken,
      WebSocket: deps.WebSocket,
      report: deps.report,
      reclaimed: () => (self === null ? undefined : self.#resync()),
      lost: (error) => (self ? self.#lose(error) : (lostEarly = error)),
    })
    try {
      const publish = await session.attach((message) => (self === null ? undefined : self.#hear(message)))
      const subscribe = await session.attach((message) => (self === null ? undefined : self.#subscriber.hear(message)))
      self = new SfuSession(deps, session, { publish, subscribe }, view)
      await self.#join()
      if (lostEarly !== null) throw lostEarly
      return self
    } catch (error) {
      if (self) self.close()
      else session.close()
      throw error
    }
  }

  private constructor(
    deps: SfuSessionDeps,
    session: JanusSession,
    handles: { publish: number; subscribe: number },
    view: MediaView | null,
  ) {
    this.#deps = deps
    this.#session = session
    this.#publishHandle = handles.publish
    this.#view = view
    const { RTCPeerConnection, report } = deps
    const configuration: RTCConfiguration = { iceServers: [...deps.grant().iceServers], bundlePolicy: 'max-bundle' }
    const changed = () => this.#deps.changed()
    const shared = { RTCPeerConnection, configuration, changed, report }
    this.#publisher = new Publisher({
      ...shared,
      message: (body, jsep) => session.message(handles.publish, body, jsep),
      trickle: (candidate) => session.trickle(handles.publish, candidate),
    })
    this.#subscriber = new Subscriber({
      ...shared,
      changed: () => {
        this.#learn()
        changed()
      },
      entry: () => ({ room: deps.grant().room, token: deps.grant().roomToken, private_id: this.#privateId }),
      message: (body, jsep) => session.message(handles.subscribe, body, jsep),
      trickle: (candidate) => session.trickle(handles.subscribe, candidate),
    })
    this.#watch()
  }

  /** Of Janus; stays the same as long as this lives. */
  get sessionId(): number {
    return this.#session.id
  }
  get publisher(): Publisher {
    return this.#publisher
  }
  get subscriber(): Subscriber {
    return this.#subscriber
  }
  /** The publishers and their streams. */
  get feeds(): ReadonlyMap<string, readonly FeedStream[]> {
    return this.#feeds
  }

  setLocal(local: LocalMedia): void {
    this.#publisher.setLocal(local)
  }

  setView(view: MediaView | null): void {
    this.#view = view
    this.#subscribe()
  }

  setConfiguration(configuration: RTCConfiguration): void {
    this.#publisher.setConfiguration(configuration)
    this.#subscriber.setConfiguration(configuration)
  }

  close(): void {
    if (this.#isOver) return
    this.#isOver = true
    for (const stop of this.#stopTimers) stop()
    this.#publisher.close()
    this.#subscriber.close()
    this.#session.close()
  }

  async #join(): Promise<void> {
    const { room, feed, roomToken } = this.#deps.grant()
    const body = { request: 'join', ptype: 'publisher', room, id: feed, token: roomToken }
    const { plugin } = await this.#session.message(this.#publishHandle, body)
    this.#privateId = plugin['private_id']
    this.#take(plugin)
  }

  #hear({ plugin, janus }: JanusMessage): void {
    if (janus === 'detached') return this.#lose(new JanusError(-1, 'the handle was taken away'))
    if (plugin) this.#take(plugin)
  }

  #take(plugin: Record<string, unknown>): void {
    if (plugin['videoroom'] === 'destroyed') return this.#lose(new JanusError(-1, 'the room was destroyed'))
    const { feed } = this.#deps.grant()
    for (const [id, streams] of readPublishers(plugin)) if (id !== feed) this.#feeds.set(id, streams)
    for (const gone of [plugin['unpublished'], plugin['leaving'], plugin['kicked']]) {
      const id = idOf(gone)
      if (id !== null) this.#feeds.delete(id)
    }
    const isOut = plugin['leaving'] === 'ok' || idOf(plugin['kicked']) === feed
    if (isOut) return this.#lose(new JanusError(-1, 'we were sent out of the room'))
    this.#subscribe()
    this.#deps.changed()
  }

  #subscribe(): void {
    const [stop] = this.#stopTimers
    stop?.()
    this.#stopTimers[0] = later(settleMs, () =>
      this.#subscriber.want(demandOf(this.#feeds, this.#view, (feed, mid) => this.#subscriber.has(feed, mid))),
    )
  }

  /** Events were lost while we had no connection: asks who is there, and negotiates what may have been under way. */
  #resync(): void {
    this.#subscriber.restart()
    this.#publisher.restart()
    void this.#learnFeeds()
  }

  /** Never rejects. An answer that did not come is asked for again. */
  async #learnFeeds(): Promise<void> {
    try {
      await this.#readFeeds()
    } catch (error) {
      if (this.#isOver) return
      this.#deps.report(error)
      if (error instanceof JanusError && error.code === cutCode) later(againMs, () => void this.#learnFeeds())
    }
  }

  /** The list says who publishes, not what; so we subscribe to all of it, and learn from the answer. */
  async #readFeeds(): Promise<void> {
    const { room, feed } = this.#deps.grant()
    const { plugin } = await this.#session.message(this.#publishHandle, { request: 'listparticipants', room })
    const publishing = readPublishing(plugin).filter((id) => id !== feed)
    for (const id of this.#feeds.keys()) if (!publishing.includes(id)) this.#feeds.delete(id)
    if (publishing.length > 0) this.#subscriber.discover(publishing)
    this.#subscribe()
  }

  /** Takes what we receive for what is published there, where no event told of it. */
  #learn(): void {
    for (const { feed, feedMid: mid, type, description } of this.#subscriber.received) {
      if (feed === null || mid === null) continue
      const known = this.#feeds.get(feed) ?? []
      if (known.some((stream) => stream.mid === mid)) continue
      this.#feeds.set(feed, [...known, { mid, type, description, disabled: false }])
      this.#subscribe()
    }
  }

  /** Heals what no event tells: a connection that finds no way for long. */
  #watch(): void {
    this.#stopTimers[1] = later(checkMs, () => {
      const states = [this.#publisher.connection, this.#subscriber.connection]
      const now = performance.now()
      if (states.every((state) => state === 'connected' || state === 'new')) this.#wellAt = now
      if (now - this.#wellAt > brokenMs) return this.#lose(new JanusError(-1, 'media found no way to the SFU'))
      this.#watch()
    })
  }

  #lose(error: unknown): void {
    if (this.#isOver) return
    this.close()
    this.#deps.lost(error)
  }
}
