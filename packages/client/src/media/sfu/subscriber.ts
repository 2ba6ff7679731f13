import type { Demand } from './demand.ts'
import {
  cutCode,
  JanusError,
  readSubscribed,
  type JanusMessage,
  type Jsep,
  type SubscribedStream,
} from './janus-messages.ts'
import type { PluginAnswer } from './janus-session.ts'

export interface SubscriberDeps {
  RTCPeerConnection: typeof globalThis.RTCPeerConnection
  configuration: RTCConfiguration
  /** The members of `join` besides the streams. */
  entry(): Record<string, unknown>
  message(body: Record<string, unknown>, jsep?: Jsep): Promise<PluginAnswer>
  trickle(candidate: RTCIceCandidateInit | null): void
  changed(): void
  report(error: unknown): void
}

/** A stream that comes, with its track. */
export interface Received extends SubscribedStream {
  track: MediaStreamTrack
}

const keyOf = (feed: string, mid: string): string => `${feed}/${mid}`
const againMs = 1_000
/** The connection broke before there was an answer, so nothing is decided. */
const isCut = (error: unknown): boolean => error instanceof JanusError && error.code === cutCode

/**
 * The connection that receives everything from everybody. One loop brings what comes to what is wanted, a step at a time: Janus
 * takes no second change of a subscription while the first is being negotiated. Streams that end need no step: Janus takes them
 * out by itself and offers anew.
 */
export class Subscriber {
  readonly #deps: SubscriberDeps
  readonly #pc: RTCPeerConnection
  #wanted: readonly Demand[] = []
  /** As Janus said last. */
  #streams: readonly SubscribedStream[] = []
  /** The pausing and quality that Janus was told, by the `mid` of the subscription. */
  readonly #told = new Map<string, string>()
  /** Streams that Janus refused, until the demand changes. */
  readonly #refused = new Set<string>()
  #offers: Jsep[] = []
  #joined = false
  #restartDue = false
  /** Feeds of which we do not know the streams: they are asked for whole. */
  #unknown: readonly string[] = []
  #isRunning = false
  #isDirty = false
  #closed = false
  #stopRetry = () => {}

  constructor(deps: SubscriberDeps) {
    this.#deps = deps
    const pc = new deps.RTCPeerConnection(deps.configuration)
    this.#pc = pc
    pc.onicecandidate = ({ candidate }) => deps.trickle(candidate ? candidate.toJSON() : null)
    pc.onconnectionstatechange = () => {
      if (pc.connectionState === 'failed') this.restart()
      deps.changed()
    }
    pc.ontrack = ({ track }) => {
      track.onmute = deps.changed
      track.onunmute = deps.changed
    }
  }

  get connection(): RTCPeerConnectionState {
    return this.#pc.connectionState
  }

  /** The streams that come, or are paused, now. */
  get received(): Received[] {
    const tracks = new Map(this.#pc.getTransceivers().map(({ mid, receiver }) => [mid, receiver.track]))
    return this.#streams.flatMap((stream) => {
      const track = tracks.get(stream.mid)
      return stream.active && stream.feed !== null && track ? [{ ...stream, track }] : []
    })
  }

  stats(): Promise<RTCStatsReport> {
    return this.#pc.getStats()
  }

  has(feed: string, mid: string): boolean {
    return this.#streams.some((stream) => stream.active && stream.feed === feed && stream.feedMid === mid)
  }

  want(wanted: readonly Demand[]): void {
    this.#wanted = wanted
    this.#refused.clear()
    this.#run()
  }

  setConfiguration(configuration: RTCConfiguration): void {
    this.#pc.setConfiguration(configuration)
  }

  /** Subscribes to all streams of these feeds, so that the answer tells which there are. A stream that is subscribed already stays one. */
  discover(feeds: readonly string[]): void {
    this.#unknown = feeds
    this.#run()
  }

  /** Looks for a new way to Janus, and asks what is subscribed: answers and events may have been lost. */
  restart(): void {
    if (!this.#joined) return
    this.#restartDue = true
    this.#run()
  }

  hear(message: JanusMessage): void {
    if (message.plugin) this.#note(message.plugin)
    if (message.jsep) {
      this.#offers.push(message.jsep)
      this.#run()
    }
  }

  close(): void {
    this.#closed = true
    this.#stopRetry()
    this.#pc.onicecandidate = null
    this.#pc.onconnectionstatechange = null
    this.#pc.ontrack = null
    this.#pc.close()
  }

  #run(): void {
    this.#isDirty = true
    if (this.#isRunning || this.#closed) return
    this.#isRunning = true
    void this.#loop()
  }

  /** Never rejects. */
  async #loop(): Promise<void> {
    try {
      while (this.#isDirty && !this.#closed) {
        this.#isDirty = false
        while (!this.#closed && (await this.#step()));
      }
    } catch (error) {
      if (!this.#closed) {
        this.#deps.report(error)
        this.#retryLater()
      }
    } finally {
      this.#isRunning = false
    }
  }

  #retryLater(): void {
    this.#stopRetry()
    const timer = setTimeout(() => this.#run(), againMs)
    this.#stopRetry = () => clearTimeout(timer)
  }

  /** Does one thing that is due; false when there is none. */
  async #step(): Promise<boolean> {
    const offer = this.#offers.shift()
    if (offer) return this.#answer(offer)
    if (this.#restartDue) {
      this.#restartDue = false
      await this.#ask({ request: 'configure', restart: true }).catch((error: unknown) => {
        this.#restartDue = isCut(error)
        throw error
      })
      return true
    }
    const unknown = this.#unknown.map((feed) => ({ feed }))
    const missing = this.#wanted.filter(({ feed, mid }) => !this.has(feed, mid) && !this.#refused.has(keyOf(feed, mid)))
    this.#refuse(missing)
    const subscribe = [...unknown, ...missing.map(({ feed, mid }) => ({ feed, mid }))]
    if (subscribe.length === 0) return this.#configure()
    await this.#subscribe(subscribe)
    return true
  }

  /** Feeds of unknown streams are asked for until there is an answer: no event tells of them a second time. */
  async #subscribe(streams: { feed: string; mid?: string }[]): Promise<void> {
    const asked = this.#unknown
    try {
      await this.#ask(
        this.#joined
          ? { request: 'update', subscribe: streams }
          : { request: 'join', ptype: 'subscriber', ...this.#deps.entry(), streams },
      )
      this.#joined = true
    } catch (error) {
      if (!isCut(error)) this.#forget(asked)
      throw error
    }
    this.#forget(asked)
  }

  #forget(asked: readonly string[]): void {
    if (this.#unknown === asked) this.#unknown = []
  }

  /** A stream that is not there after we asked for it is not to be had: it is not asked for again, or we would ask for ever. */
  #refuse(streams: readonly Demand[]): void {
    for (const { feed, mid } of streams) this.#refused.add(keyOf(feed, mid))
  }

  async #configure(): Promise<boolean> {
    const streams = this.#wanted.flatMap((demand) => {
      const stream = this.#streams.find(
        ({ feed, feedMid, active }) => active && feed === demand.feed && feedMid === demand.mid,
      )
      if (!stream) return []
      const value = `${demand.feed}/${demand.mid} ${demand.send} ${demand.substream}`
      if ((this.#told.get(stream.mid) ?? `${demand.feed}/${demand.mid} true 2`) === value) return []
      this.#told.set(stream.mid, value)
      return [
        { mid: stream.mid, send: demand.send, ...(stream.type === 'video' ? { substream: demand.substream } : {}) },
      ]
    })
    return streams.length > 0 && this.#ask({ request: 'configure', streams })
  }

  async #ask(body: Record<string, unknown>): Promise<boolean> {
    const { plugin, jsep } = await this.#deps.message(body)
    this.#note(plugin)
    if (jsep) this.#offers.push(jsep)
    return true
  }

  async #answer(offer: Jsep): Promise<boolean> {
    const pc = this.#pc
    await pc.setRemoteDescription(offer)
    const answer = await pc.createAnswer()
    await pc.setLocalDescription(answer)
    await this.#deps.message({ request: 'start' }, { type: 'answer', sdp: answer.sdp ?? '' })
    this.#deps.changed()
    return true
  }

  #note(plugin: Record<string, unknown>): void {
    const streams = readSubscribed(plugin)
    if (!streams) return
    this.#streams = streams
    const live = new Set(streams.filter(({ active }) => active).map(({ mid }) => mid))
    for (const mid of this.#told.keys()) if (!live.has(mid)) this.#told.delete(mid)
    for (const { feed, feedMid } of streams)
      if (feed !== null && feedMid !== null) this.#refused.delete(keyOf(feed, feedMid))
    this.#deps.changed()
  }
}
