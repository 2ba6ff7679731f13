import type { IceServer, Participant } from '@parley/contracts'
import type { RemoteMedia } from '../../api.ts'
import type { FlowSample, LocalMedia, MediaTransport, TransportSample } from '../transport.ts'
import { worseOf, type Outbound } from '../sample.ts'
import { MeshPeer } from './mesh-peer.ts'
import { readSignal, type SignalData } from './signal-data.ts'
import { later } from '../../time.ts'

export interface MeshDeps {
  RTCPeerConnection: typeof globalThis.RTCPeerConnection
  /** In order, to that participant. */
  send(to: string, data: SignalData): void
  /** `remote` was replaced. */
  changed(): void
  report(error: unknown): void
}

interface PeerEntry {
  peer: MeshPeer
  /** Signals reach it: its participant is connected. */
  reachable: boolean
  /** New connections in a row that came to nothing. */
  rebuilds: number
  isRebuilding: boolean
}

/** A browser bears no more connections that each carry video. */
const maxPeers = 32
const maxRemembered = 2_000
const maxEarly = 256
const earlyMs = 10_000
const checkMs = 2_000
const troubleMs = 20_000
const maxTroubleMs = 80_000

/** Everyone sends to everyone: one peer connection per other participant, which the mesh makes, watches, replaces and closes. */
export class Mesh implements MediaTransport {
  readonly #deps: MeshDeps
  readonly #entries = new Map<string, PeerEntry>()
  /** The last generation of each connection, also of those who left: they may come back with their old one. */
  readonly #generations = new Map<string, number>()
  /** Signals from somebody whose `participant.joined` has not come yet. */
  #early: { from: string; data: unknown; until: number }[] = []
  readonly #before: number
  #local: LocalMedia = { camera: null, screen: null }
  #configuration: RTCConfiguration
  #selfId = ''
  #online = true
  #telling = false
  #retired = false
  #remote: ReadonlyMap<string, RemoteMedia> = new Map()
  #stopTimer = () => {}

  /** `generation`: those of all connections are higher than it. */
  constructor(deps: MeshDeps, iceServers: readonly IceServer[], generation = 0) {
    this.#deps = deps
    this.#before = generation
    this.#configuration = { iceServers: [...iceServers] }
    this.#watch()
  }

  /** By participant id; a new map whenever something in it changed. */
  get remote(): ReadonlyMap<string, RemoteMedia> {
    return this.#remote
  }
  /** Each connection is up or not by itself. */
  get isUp(): boolean {
    return true
  }

  /** The highest generation of a connection so far. */
  get newest(): number {
    return Math.max(this.#before, ...this.#generations.values())
  }

  /** The room moves to an SFU: the connections that there are stay until `close`, and no new ones are made. */
  retire(): void {
    this.#retired = true
  }

  /** Connects to those who came, lets go of those who left. */
  sync(selfId: string, peers: readonly Participant[]): void {
    this.#selfId = selfId
    const here = new Set(peers.map(({ id }) => id))
    for (const id of this.#entries.keys()) if (!here.has(id)) this.#close(id)
    for (const { id, connection } of peers) {
      const entry = this.#entries.get(id) ?? this.#open(id)
      if (!entry) continue
      const back = !entry.reachable && connection === 'connected'
      entry.reachable = connection === 'connected'
      if (back && entry.peer.media.connection === 'failed') entry.peer.restart()
    }
    this.#takeEarly()
  }

  /** A `rtc.signal` of participant `from`. */
  receive(from: string, data: unknown): void {
    const signal = readSignal(data)
    if (!signal) return
    const entry = this.#entries.get(from)
    if (!entry) {
      if (this.#early.length < maxEarly) this.#early.push({ from, data, until: performance.now() + earlyMs })
      return
    }
    const generation = signal.g ?? entry.peer.generation
    if (generation < entry.peer.generation) {
      if (signal.description) entry.peer.hint()
      return
    }
    if (generation > entry.peer.generation) this.#replace(from, entry, generation)
    entry.peer.receive(signal)
  }

  setLocal(local: LocalMedia): void {
    this.#local = local
    for (const { peer } of this.#entries.values()) peer.setLocal(local)
  }

  /** Swaps a track that is being sent. */
  async replaceTrack(old: MediaStreamTrack, track: MediaStreamTrack): Promise<void> {
    await Promise.all([...this.#entries.values()].map(({ peer }) => peer.replaceTrack(old, track)))
  }

  setIceServers(iceServers: readonly IceServer[]): void {
    this.#configuration = { iceServers: [...iceServers] }
    for (const { peer } of this.#entries.values()) peer.setConfiguration(this.#configuration)
  }

  /** Every sender sends all that they have; what is not shown cannot be left out. */
  setView(): void {}

  async sample(): Promise<TransportSample> {
    const inbound = new Map<string, FlowSample[]>()
    let outbound: Outbound = { roundTripMs: null, outboundLoss: null }
    await Promise.all(
      [...this.#entries].map(async ([id, { peer }]) => {
        const sample = await peer.sample()
        inbound.set(id, sample.flows)
        outbound = worseOf(outbound, sample)
      }),
    )
    return { inbound, ...outbound }
  }

  /** Whether signals can be sent at present; while not, nobody is given up. */
  setOnline(online: boolean): void {
    this.#online = online
  }

  /** Signals may be missing: of `id`, or of anybody. */
  signalsLost(id?: string): void {
    for (const [key, { peer }] of this.#entries) if (id === undefined || id === key) peer.restart()
  }

  /** Drops all connections; a later `sync` makes new ones (a new session, whose participants know us by another id). */
  reset(iceServers: readonly IceServer[]): void {
    for (const id of this.#entries.keys()) this.#close(id)
    this.#early = []
    this.#configuration = { iceServers: [...iceServers] }
  }

  close(): void {
    this.#stopTimer()
    for (const id of this.#entries.keys()) this.#close(id)
  }

  #open(id: string): PeerEntry | null {
    if (this.#retired || this.#entries.size >= maxPeers) return null
    const entry = {
      peer: this.#makePeer(id, (this.#generations.get(id) ?? this.#before) + 1),
      reachable: true,
      rebuilds: 0,
      isRebuilding: false,
    }
    this.#entries.set(id, entry)
    this.#changed()
    return entry
  }

  #makePeer(id: string, generation: number): MeshPeer {
    this.#remember(id, generation)
    const { RTCPeerConnection, send, report } = this.#deps
    const peer: MeshPeer = new MeshPeer({
      RTCPeerConnection,
      configuration: this.#configuration,
      polite: this.#selfId < id,
      generation,
      local: this.#local,
      send: (data) => send(id, data),
      changed: () => this.#changed(),
      broken: () => this.#rebuildSoon(id, peer),
      report,
    })
    return peer
  }

  #replace(id: string, entry: PeerEntry, generation: number): void {
    entry.isRebuilding = false
    entry.peer.close()
    entry.peer = this.#makePeer(id, generation)
    this.#changed()
  }

  /** Not at once: who reports it is in the middle of something, and what keeps failing is tried ever more rarely. */
  #rebuildSoon(id: string, peer: MeshPeer): void {
    const entry = this.#entries.get(id)
    if (entry?.peer !== peer || entry.isRebuilding) return
    entry.isRebuilding = true
    later(Math.min(maxTroubleMs, 100 * 4 ** entry.rebuilds), () => {
      entry.isRebuilding = false
      if (this.#entries.get(id) === entry && entry.peer === peer) this.#rebuild(id, entry)
    })
  }

  #rebuild(id: string, entry: PeerEntry): void {
    entry.rebuilds++
    this.#replace(id, entry, entry.peer.generation + 1)
  }

  #close(id: string): void {
    this.#entries.get(id)?.peer.close()
    this.#entries.delete(id)
    this.#changed()
  }

  #remember(id: string, generation: number): void {
    this.#generations.delete(id)
    this.#generations.set(id, generation)
    const [oldest] = this.#generations.keys()
    if (this.#generations.size > maxRemembered && oldest !== undefined) this.#generations.delete(oldest)
  }

  #takeEarly(): void {
    if (this.#early.length === 0) return
    const now = performance.now()
    const early = this.#early.filter(({ until }) => until > now)
    this.#early = early.filter(({ from }) => !this.#entries.has(from))
    for (const { from, data } of early) if (this.#entries.has(from)) this.receive(from, data)
  }

  /** Heals what no event tells: a connection that came to nothing, a negotiation that never ended. */
  #watch(): void {
    this.#stopTimer = later(checkMs, () => {
      const now = performance.now()
      for (const [id, entry] of this.#entries) {
        const trouble = entry.peer.troubleMs(now)
        if (trouble === 0) entry.rebuilds = 0
        else if (this.#online && entry.reachable && trouble > Math.min(maxTroubleMs, troubleMs * 2 ** entry.rebuilds))
          this.#rebuild(id, entry)
      }
      this.#watch()
    })
  }

  /** Once for all that changes in one go. */
  #changed(): void {
    if (this.#telling) return
    this.#telling = true
    queueMicrotask(() => {
      this.#telling = false
      this.#remote = new Map([...this.#entries].map(([id, { peer }]) => [id, peer.media]))
      this.#deps.changed()
    })
  }
}
