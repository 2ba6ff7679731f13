import type { RemoteMedia } from '../../api.ts'
import { inboundOf, outboundOf, type Outbound } from '../sample.ts'
import type { FlowSample, LocalMedia } from '../transport.ts'
import { MeshSenders } from './mesh-senders.ts'
import { Negotiation } from './negotiation.ts'
import { RemoteStreams } from './remote-streams.ts'
import type { SignalData, StreamNames } from './signal-data.ts'
import { later } from '../../time.ts'

export interface MeshPeerOptions {
  RTCPeerConnection: typeof globalThis.RTCPeerConnection
  configuration: RTCConfiguration
  /** Of the two sides exactly one is. */
  polite: boolean
  generation: number
  local: LocalMedia
  send(data: SignalData): void
  changed(): void
  /** This connection cannot be saved; a new one is wanted. */
  broken(): void
  report(error: unknown): void
}

const maxWaiting = 256
/** How long the polite side leaves the first offer to the other one; doubled each time that it came to nothing. */
const firstOfferMs = 1_500
const maxFirstOfferMs = 12_000

/** The connection to one other participant: what is sent, what comes, and the signals between the two. */
export class MeshPeer {
  readonly generation: number
  readonly #options: MeshPeerOptions
  readonly #pc: RTCPeerConnection
  readonly #senders: MeshSenders
  readonly #remote: RemoteStreams
  readonly #negotiation: Negotiation
  #local: LocalMedia
  /** Whether our tracks are in the connection: those of the polite side wait for the first offer, and go into its answer. */
  #begun = false
  #stopWaiting = () => {}
  #inbox: Promise<void> = Promise.resolve()
  #inboxSize = 0
  #sent = 0
  #seen = 0
  #closed = false
  #wellAt = performance.now()

  constructor(options: MeshPeerOptions) {
    this.#options = options
    this.generation = options.generation
    this.#local = options.local
    this.#pc = new options.RTCPeerConnection(options.configuration)
    this.#senders = new MeshSenders(this.#pc, (error) => this.#fail(error))
    this.#remote = new RemoteStreams(this.#pc)
    this.#negotiation = this.#negotiate()
    if (this.generation > 1) this.hint()
    if (!options.polite) this.#beginFirst()
    else
      this.#stopWaiting = later(Math.min(maxFirstOfferMs, firstOfferMs * 2 ** (this.generation - 1)), () =>
        this.#begin(),
      )
  }

  get media(): RemoteMedia {
    return { camera: this.#remote.camera, screen: this.#remote.screen, connection: this.#pc.connectionState }
  }

  /** Sends these streams from now on. */
  setLocal(local: LocalMedia): void {
    this.#local = local
    if (this.#begun) this.#senders.send(local)
  }

  /** Swaps a track without a new negotiation. */
  replaceTrack(old: MediaStreamTrack, track: MediaStreamTrack): Promise<void> {
    return this.#senders.replace(old, track)
  }

  setConfiguration(configuration: RTCConfiguration): void {
    this.#pc.setConfiguration(configuration)
  }

  /** The traffic of this connection so far. */
  async sample(): Promise<Outbound & { flows: FlowSample[] }> {
    const stats = await this.#pc.getStats()
    return { flows: inboundOf(stats, () => '').get('') ?? [], ...outboundOf(stats) }
  }

  /** Looks for a new way to the peer. In the middle of a negotiation that some message is missing of, only a new connection helps. */
  restart(): void {
    if (this.#pc.signalingState === 'stable') this.#pc.restartIce()
    else this.#options.broken()
  }

  /** Says which generation this is, to one who may have an older. */
  hint(): void {
    this.#send({})
  }

  /** Takes a signal of the same generation; one after the other. */
  receive(signal: SignalData): void {
    if (signal.n !== undefined) {
      if (signal.n <= this.#seen) return
      this.#seen = signal.n
    }
    if (this.#inboxSize >= maxWaiting) return this.#options.broken()
    this.#inboxSize++
    this.#inbox = this.#inbox.then(() => this.#take(signal)).finally(() => this.#inboxSize--)
  }

  /** Milliseconds for which something has been wrong: not connected though negotiated, or a negotiation that does not end. */
  troubleMs(now: number): number {
    const { connectionState, signalingState, currentLocalDescription } = this.#pc
    const idle = connectionState === 'new' && currentLocalDescription === null
    const well = signalingState === 'stable' && (connectionState === 'connected' || idle)
    if (well) this.#wellAt = now
    return now - this.#wellAt
  }

  close(): void {
    this.#closed = true
    this.#stopWaiting()
    this.#negotiation.close()
    this.#pc.onnegotiationneeded = null
    this.#pc.onsignalingstatechange = null
    this.#pc.onicecandidate = null
    this.#pc.onconnectionstatechange = null
    this.#pc.close()
  }

  #negotiate(): Negotiation {
    const pc = this.#pc
    const negotiation = new Negotiation({
      pc,
      polite: this.#options.polite,
      send: (data) => this.#send(data),
      names: () => this.#senders.names,
      begin: () => this.#begin(),
      described: (streams) => this.#described(streams),
      broken: () => this.#options.broken(),
      fail: (error) => this.#fail(error),
    })
    pc.onnegotiationneeded = () => negotiation.need()
    pc.onsignalingstatechange = () => negotiation.proceed()
    pc.onicecandidate = ({ candidate }) => candidate && this.#send({ candidate: candidate.toJSON() })
    pc.onconnectionstatechange = () => this.#connectionChanged()
    return negotiation
  }

  #begin(): void {
    if (this.#begun) return
    this.#begun = true
    this.#stopWaiting()
    this.#senders.send(this.#local)
  }

  /** The first offer is ours, unless there is nothing to offer; then the other side need not wait for it. */
  #beginFirst(): void {
    this.#begin()
    if (this.#senders.isEmpty) this.#send({ yours: true })
  }

  /** Never rejects. */
  async #take(signal: SignalData): Promise<void> {
    try {
      if (!this.#closed) await this.#negotiation.take(signal)
    } catch (error) {
      this.#fail(error)
      if (signal.description?.type === 'offer') this.#options.broken()
    }
  }

  #described(streams?: StreamNames): void {
    if (streams) this.#remote.name(streams)
    else this.#remote.refresh()
    this.#options.changed()
  }

  #send(data: SignalData): void {
    if (!this.#closed) this.#options.send({ g: this.generation, n: ++this.#sent, ...data })
  }

  #connectionChanged(): void {
    if (this.#pc.connectionState === 'failed') this.restart()
    this.#options.changed()
  }

  /** A failure because the connection was closed meanwhile is no news. */
  #fail(error: unknown): void {
    if (!this.#closed) this.#options.report(error)
  }
}
