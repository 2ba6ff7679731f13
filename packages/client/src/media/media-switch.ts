import type { IceServer, Participant, Sfu } from '@parley/contracts'
import type { MediaView, RemoteMedia } from '../api.ts'
import { later } from '../time.ts'
import { Mesh, type MeshDeps } from './mesh/mesh.ts'
import type { MediaPlace } from './room-media.ts'
import { loadSfu } from './sfu/load.ts'
import { SfuTransport, type SfuTransportDeps } from './sfu/sfu-transport.ts'
import type { LocalMedia, MediaTransport, TransportSample } from './transport.ts'

export type MediaSwitchDeps = MeshDeps & Pick<SfuTransportDeps, 'WebSocket' | 'accessToken'>

/** How long the old way stays open after the new one carries what we send: others move at their own pace. */
const leastOverlapMs = 5_000
const mostOverlapMs = 20_000
const checkMs = 500

/**
 * Carries media by mesh or by an SFU, and moves from one to the next make before break: the new way is built beside the old one. Each person is shown by the new one once it delivers them. The old one ends when all are.
 */
export class MediaSwitch {
  readonly #deps: MediaSwitchDeps
  #current: Mesh | SfuTransport
  /** The way that we leave; while it is there, who does not come by the new one is shown by it. */
  #leaving: { transport: Mesh | SfuTransport; upSince: number | null } | null = null
  #local: LocalMedia = { camera: null, screen: null }
  #view: MediaView | null = null
  #selfId = ''
  #peers: readonly Participant[] = []
  #remote: ReadonlyMap<string, RemoteMedia> = new Map()
  #stopTimer = () => {}

  constructor(deps: MediaSwitchDeps, { iceServers, sfu, generation = 0, awaitsSfu = false }: MediaPlace) {
    this.#deps = deps
    this.#current = sfu ? this.#makeSfu(sfu) : this.#makeMesh(iceServers, generation)
    if (awaitsSfu && this.#current instanceof Mesh) this.#current.retire()
    // Now, not when the room moves to an SFU: by then a newer version may have replaced the page's files.
    loadSfu().catch(deps.report)
  }

  get remote(): ReadonlyMap<string, RemoteMedia> {
    return this.#remote
  }
  get carrier(): 'mesh' | 'sfu' {
    return this.#current instanceof Mesh ? 'mesh' : 'sfu'
  }
  /** Signals between participants go to the mesh, as long as there is one. */
  get mesh(): Mesh | null {
    if (this.#current instanceof Mesh) return this.#current
    return this.#leaving?.transport instanceof Mesh ? this.#leaving.transport : null
  }
  /** Of the Janus session that carries media; null for a mesh. */
  get sfuSessionId(): number | null {
    return this.#current instanceof SfuTransport ? this.#current.sessionId : null
  }

  /** Where the SFU of the room is now: the same place with new tokens, or another one to move to. */
  setSfu(sfu: Sfu): void {
    const current = this.#current
    if (current instanceof SfuTransport && current.takes(sfu)) return current.renew(sfu)
    this.#leaving?.transport.close()
    if (current instanceof Mesh) current.retire()
    this.#leaving = { transport: current, upSince: null }
    this.#current = this.#makeSfu(sfu)
    this.#prepare(this.#current)
    this.#watch()
  }

  /** A new session, in which others know us by another id: nothing of the old one can be used. */
  reset(iceServers: readonly IceServer[], sfu: Sfu | null): void {
    this.#endLeaving()
    this.#current.close()
    this.#current = sfu ? this.#makeSfu(sfu) : this.#makeMesh(iceServers)
    this.#prepare(this.#current)
    this.#show()
  }

  sync(selfId: string, peers: readonly Participant[]): void {
    this.#selfId = selfId
    this.#peers = peers
    for (const transport of this.#all) transport.sync(selfId, peers)
    this.#show()
  }

  setLocal(local: LocalMedia): void {
    this.#local = local
    for (const transport of this.#all) transport.setLocal(local)
  }

  async replaceTrack(old: MediaStreamTrack, track: MediaStreamTrack): Promise<void> {
    await Promise.all(this.#all.map((transport) => transport.replaceTrack(old, track)))
  }

  setIceServers(iceServers: readonly IceServer[]): void {
    for (const transport of this.#all) transport.setIceServers(iceServers)
  }

  setView(view: MediaView | null): void {
    this.#view = view
    for (const transport of this.#all) transport.setView(view)
  }

  sample(): Promise<TransportSample> {
    return this.#current.sample()
  }

  close(): void {
    this.#endLeaving()
    this.#current.close()
  }

  get #all(): readonly MediaTransport[] {
    return this.#leaving ? [this.#current, this.#leaving.transport] : [this.#current]
  }

  #makeMesh(iceServers: readonly IceServer[], generation = 0): Mesh {
    return new Mesh({ ...this.#deps, changed: () => this.#show() }, iceServers, generation)
  }

  #makeSfu(sfu: Sfu): SfuTransport {
    const { RTCPeerConnection, WebSocket, accessToken, report } = this.#deps
    const changed = () => this.#show()
    return new SfuTransport({ RTCPeerConnection, WebSocket, accessToken, report, changed }, sfu)
  }

  #prepare(transport: MediaTransport): void {
    transport.setView(this.#view)
    transport.setLocal(this.#local)
    transport.sync(this.#selfId, this.#peers)
  }

  #watch(): void {
    this.#stopTimer()
    this.#stopTimer = later(checkMs, () => {
      const leaving = this.#leaving
      if (!leaving) return
      const now = performance.now()
      if (!this.#current.isUp) leaving.upSince = null
      else leaving.upSince ??= now
      if (leaving.upSince !== null && this.#isDone(now - leaving.upSince)) {
        this.#endLeaving()
        return this.#show()
      }
      this.#watch()
    })
  }

  #isDone(upMs: number): boolean {
    if (upMs > mostOverlapMs) return true
    return upMs > leastOverlapMs && this.#peers.every((peer) => delivers(this.#current.remote.get(peer.id), peer))
  }

  #endLeaving(): void {
    this.#stopTimer()
    this.#leaving?.transport.close()
    this.#leaving = null
  }

  #show(): void {
    const now = this.#current.remote
    const before = this.#leaving?.transport.remote
    this.#remote = before ? new Map(this.#peers.map((peer) => [peer.id, better(peer, now, before)])) : now
    this.#deps.changed()
  }
}

const nothing: RemoteMedia = { camera: null, screen: null, connection: 'new' }

function better(
  peer: Participant,
  now: ReadonlyMap<string, RemoteMedia>,
  before: ReadonlyMap<string, RemoteMedia>,
): RemoteMedia {
  const next = now.get(peer.id)
  const last = before.get(peer.id)
  const isHere = last !== undefined && (last.camera !== null || last.screen !== null)
  return isHere && !delivers(next, peer) ? last : (next ?? last ?? nothing)
}

/** Whether all that `peer` has switched on arrives. */
function delivers(media: RemoteMedia | undefined, { mic, cam, screen }: Participant): boolean {
  if (!media) return false
  const flows = (stream: MediaStream | null, kind: string) =>
    stream?.getTracks().some((track) => track.kind === kind && !track.muted) ?? false
  return (
    (!mic || flows(media.camera, 'audio')) &&
    (!cam || flows(media.camera, 'video')) &&
    (!screen || flows(media.screen, 'video'))
  )
}
