import type { IceServer, MediaKind, Participant, ServerMessage, Sfu } from '@parley/contracts'
import type { Carrier, MediaView, RemoteMedia } from '../api.ts'
import { LocalTracks } from './local-tracks.ts'
import { MediaSwitch } from './media-switch.ts'
import type { SignalData } from './mesh/signal-data.ts'
import { QualityWatch } from './quality-watch.ts'

/** Where the media of the room go, as `room.joined` says. */
export interface MediaPlace {
  iceServers: readonly IceServer[]
  sfu?: Sfu
  /** The highest generation of a peer connection that this participant has had on a page before. */
  generation?: number
  /** Media go through an SFU, whose place is still to come. */
  awaitsSfu?: boolean
}

export interface RoomMediaDeps {
  /** For the way to an SFU. */
  WebSocket: typeof globalThis.WebSocket
  accessToken(): Promise<string>
  /** `media.update`, until it is answered. */
  tell(change: Partial<Record<MediaKind, boolean>>): Promise<void>
  signal(to: string, data: SignalData): void
  changed(): void
  report(error: unknown): void
}

const nobody: ReadonlyMap<string, RemoteMedia> = new Map()
const kinds: readonly MediaKind[] = ['mic', 'cam', 'screen']

/**
 * One's own microphone, camera and screen, and what carries them: a mesh or an SFU. Off is at once, on only when the server agreed; and
 * what the server says is off is off.
 */
export class RoomMedia {
  /** Null where there is no WebRTC, as in Node. */
  readonly carrier: MediaSwitch | null
  readonly quality = new QualityWatch()
  readonly #deps: RoomMediaDeps
  readonly #tracks: LocalTracks
  /** The wanted devices, and how many changes of them the server has not answered. */
  readonly #wanted: Record<MediaKind, boolean>
  readonly #asking: Record<MediaKind, number> = { mic: 0, cam: 0, screen: 0 }
  #screen: MediaStream | null = null

  constructor(
    deps: RoomMediaDeps,
    localStream: MediaStream | null,
    device: { mic: boolean; cam: boolean },
    place: MediaPlace,
  ) {
    this.#deps = deps
    this.#wanted = { ...device, screen: false }
    this.#tracks = new LocalTracks(localStream, device)
    const { signal: send, ...shared } = deps
    this.carrier =
      typeof RTCPeerConnection === 'undefined' ? null : new MediaSwitch({ RTCPeerConnection, send, ...shared }, place)
    this.#send()
  }

  get remote(): ReadonlyMap<string, RemoteMedia> {
    return this.carrier?.remote ?? nobody
  }
  get carriedBy(): Carrier {
    return this.carrier?.carrier === 'sfu' ? { by: 'sfu', sessionId: this.carrier.sfuSessionId } : { by: 'mesh' }
  }
  /** For the page after a reload. */
  get left(): { generation: number; sfu: boolean } {
    return { generation: this.carrier?.mesh?.newest ?? 0, sfu: this.carriedBy.by === 'sfu' }
  }
  get localScreen(): MediaStream | null {
    return this.#screen
  }
  get device(): { mic: boolean; cam: boolean } {
    return { mic: this.#wanted.mic, cam: this.#wanted.cam }
  }

  async set(kind: 'mic' | 'cam', on: boolean): Promise<void> {
    this.#wanted[kind] = on
    if (!on) this.#tracks.set(kind, false)
    await this.#tell(kind, on)
    if (on && this.#wanted[kind]) this.#tracks.set(kind, true)
  }

  async replaceTrack(track: MediaStreamTrack): Promise<void> {
    const old = this.#tracks.replace(track)
    if (old) await this.carrier?.replaceTrack(old, track)
    else this.#send()
  }

  async startScreen(stream: MediaStream): Promise<void> {
    this.#wanted.screen = true
    await this.#tell('screen', true)
    if (!this.#wanted.screen) return stopTracks(stream)
    this.#endScreen()
    this.#screen = stream
    for (const track of stream.getTracks()) {
      track.addEventListener('ended', () => {
        if (this.#screen === stream) this.stopScreen().catch(this.#deps.report)
      })
    }
    this.#send()
    this.#deps.changed()
  }

  async stopScreen(): Promise<void> {
    this.#wanted.screen = false
    this.#endScreen()
    await this.#tell('screen', false)
  }

  /** Follows what the server says of us, where it is not just being told otherwise. */
  follow(self: Participant): void {
    for (const kind of kinds) if (!self[kind] && this.#wanted[kind] && this.#asking[kind] === 0) this.switchedOff(kind)
  }

  /** Somebody switched it off. */
  switchedOff(kind: MediaKind): void {
    this.#wanted[kind] = false
    if (kind === 'screen') this.#endScreen()
    else this.#tracks.set(kind, false)
  }

  /** The server has a new session of us, which knows mic and camera only. */
  tellScreenAgain(): void {
    if (this.#screen) this.#tell('screen', true).catch(this.#deps.report)
  }

  setView(view: MediaView | null): void {
    this.carrier?.setView(view)
  }

  /** Takes what the server says about media; ignores anything else. */
  hear({ type, payload }: ServerMessage): void {
    switch (type) {
      case 'rtc.signal':
        return this.receive(payload.from, payload.data)
      case 'room.delta':
        if (payload.signalsLost === true) this.signalsLost()
        return
      case 'ice.update':
        return this.carrier?.setIceServers(payload.iceServers)
      case 'sfu.changed':
        return this.carrier?.setSfu(payload.sfu)
      case 'moderation.muted':
        return this.switchedOff(payload.kind)
    }
  }

  /** Signals came: they go to the mesh, if there is one. */
  receive(from: string, data: unknown): void {
    this.carrier?.mesh?.receive(from, data)
  }

  /** Signals may be missing: of `id`, or of anybody. */
  signalsLost(id?: string): void {
    this.carrier?.mesh?.signalsLost(id)
  }

  close(): void {
    this.quality.stop()
    this.carrier?.close()
    this.#endScreen()
  }

  async #tell(kind: MediaKind, on: boolean): Promise<void> {
    this.#asking[kind]++
    try {
      await this.#deps.tell({ [kind]: on })
    } catch (error) {
      if (on) this.#wanted[kind] = false
      throw error
    } finally {
      this.#asking[kind]--
    }
  }

  #endScreen(): void {
    const screen = this.#screen
    if (!screen) return
    this.#screen = null
    stopTracks(screen)
    this.#send()
    this.#deps.changed()
  }

  #send(): void {
    this.carrier?.setLocal({ camera: this.#tracks.camera, screen: this.#screen })
  }
}

/** A share that is over has no other use; its tracks would leave the browser's "is sharing" notice on. */
const stopTracks = (stream: MediaStream): void => stream.getTracks().forEach((track) => track.stop())
