import type { IceServer, Participant, Sfu } from '@parley/contracts'
import type { MediaView, RemoteMedia } from '../../api.ts'
import { backoffMs, later } from '../../time.ts'
import { inboundOf, outboundOf } from '../sample.ts'
import type { LocalMedia, MediaTransport, TransportSample } from '../transport.ts'
import { loadSfu } from './load.ts'
import type { SfuSession } from './sfu-session.ts'
import { SfuStreams } from './sfu-streams.ts'

export interface SfuTransportDeps {
  RTCPeerConnection: typeof globalThis.RTCPeerConnection
  WebSocket: typeof globalThis.WebSocket
  accessToken(): Promise<string>
  /** `remote` was replaced, or `isUp` is another. */
  changed(): void
  report(error: unknown): void
}

const backoff = { baseMs: 250, maxMs: 5_000 }
const nothing: TransportSample = { inbound: new Map(), roundTripMs: null, outboundLoss: null }

/** Media over one room of one Janus. A session that is lost is joined anew, until `close`. */
export class SfuTransport implements MediaTransport {
  readonly #deps: SfuTransportDeps
  readonly #streams = new SfuStreams()
  #grant: Sfu
  #session: SfuSession | null = null
  #local: LocalMedia = { camera: null, screen: null }
  #view: MediaView | null = null
  #peers: readonly Participant[] = []
  #remote: ReadonlyMap<string, RemoteMedia> = new Map()
  #iceServers: readonly IceServer[]
  #attempt = 0
  #stopTimer = () => {}
  #isTelling = false
  #closed = false

  constructor(deps: SfuTransportDeps, grant: Sfu) {
    this.#deps = deps
    this.#grant = grant
    this.#iceServers = grant.iceServers
    void this.#join()
  }

  get remote(): ReadonlyMap<string, RemoteMedia> {
    return this.#remote
  }
  get isUp(): boolean {
    return this.#session?.publisher.isUp ?? false
  }
  /** Of Janus; null while there is none. */
  get sessionId(): number | null {
    return this.#session?.sessionId ?? null
  }

  /** Whether `grant` is for the place where we are; then it only renews tokens. */
  takes({ url, room, feed }: Sfu): boolean {
    return url === this.#grant.url && room === this.#grant.room && feed === this.#grant.feed
  }

  renew(grant: Sfu): void {
    this.#grant = grant
    this.setIceServers(grant.iceServers)
    if (this.#session === null) this.#soon(0)
  }

  sync(_selfId: string, peers: readonly Participant[]): void {
    this.#peers = peers
    this.#changed()
  }

  setLocal(local: LocalMedia): void {
    this.#local = local
    this.#session?.setLocal(local)
  }

  async replaceTrack(old: MediaStreamTrack, track: MediaStreamTrack): Promise<void> {
    await this.#session?.publisher.replaceTrack(old, track)
  }

  setIceServers(iceServers: readonly IceServer[]): void {
    this.#iceServers = iceServers
    this.#session?.setConfiguration({ iceServers: [...iceServers], bundlePolicy: 'max-bundle' })
  }

  setView(view: MediaView | null): void {
    this.#view = view
    this.#session?.setView(view)
  }

  async sample(): Promise<TransportSample> {
    const session = this.#session
    if (!session) return nothing
    const [inbound, outbound] = await Promise.all([session.subscriber.stats(), session.publisher.stats()])
    const owners = new Map(session.subscriber.received.map(({ mid, feed }) => [mid, feed]))
    return { inbound: inboundOf(inbound, (mid) => owners.get(mid ?? '') ?? null), ...outboundOf(outbound) }
  }

  close(): void {
    this.#closed = true
    this.#stopTimer()
    this.#session?.close()
    this.#session = null
  }

  /** Never rejects. */
  async #join(): Promise<void> {
    const { RTCPeerConnection, WebSocket, accessToken, report } = this.#deps
    try {
      const { SfuSession } = await loadSfu()
      if (this.#closed) return
      const session = await SfuSession.join(
        {
          RTCPeerConnection,
          WebSocket,
          accessToken,
          report,
          grant: () => ({ ...this.#grant, iceServers: [...this.#iceServers] }),
          changed: () => this.#changed(),
          lost: (error) => this.#lost(error),
        },
        this.#view,
      )
      this.#adopt(session)
    } catch (error) {
      this.#lost(error)
    }
  }

  #adopt(session: SfuSession): void {
    if (this.#closed) return session.close()
    this.#session = session
    this.#attempt = 0
    session.setView(this.#view)
    session.setLocal(this.#local)
    this.#changed()
  }

  #lost(error: unknown): void {
    if (this.#closed) return
    this.#deps.report(error)
    this.#session = null
    this.#changed()
    this.#soon(backoffMs(++this.#attempt, backoff))
  }

  #soon(ms: number): void {
    this.#stopTimer()
    this.#stopTimer = later(ms, () => {
      if (!this.#closed && this.#session === null) void this.#join()
    })
  }

  /** Once for all that changes in one go. */
  #changed(): void {
    if (this.#isTelling || this.#closed) return
    this.#isTelling = true
    queueMicrotask(() => {
      this.#isTelling = false
      const subscriber = this.#session?.subscriber
      this.#remote = this.#streams.read(this.#peers, subscriber?.received ?? [], subscriber?.connection ?? 'new')
      this.#deps.changed()
    })
  }
}
