import type { LocalMedia } from '../transport.ts'
import type { PluginAnswer } from './janus-session.ts'
import type { Jsep } from './janus-messages.ts'

export interface PublisherDeps {
  RTCPeerConnection: typeof globalThis.RTCPeerConnection
  configuration: RTCConfiguration
  message(body: Record<string, unknown>, jsep?: Jsep): Promise<PluginAnswer>
  trickle(candidate: RTCIceCandidateInit | null): void
  changed(): void
  report(error: unknown): void
}

type Slot = 'mic' | 'cam' | 'screen' | 'screenSound'

/** The names of the streams in the room, so that whoever receives or records them knows which is which. */
const descriptions: Record<Slot, string> = { mic: 'mic', cam: 'cam', screen: 'screen', screenSound: 'screen' }
const slots: readonly Slot[] = ['mic', 'cam', 'screen', 'screenSound']

/** Three qualities of the camera, the best first, as Janus numbers them from the end: `l` is substream 0. */
const camEncodings: RTCRtpEncodingParameters[] = [
  { rid: 'h', maxBitrate: 1_500_000 },
  { rid: 'm', maxBitrate: 500_000, scaleResolutionDownBy: 2 },
  { rid: 'l', maxBitrate: 150_000, scaleResolutionDownBy: 4 },
]
const encodings: Record<Slot, RTCRtpEncodingParameters[]> = {
  mic: [{ maxBitrate: 48_000 }],
  cam: camEncodings,
  screen: [{ maxBitrate: 2_500_000 }],
  screenSound: [{ maxBitrate: 96_000 }],
}

/**
 * The connection that sends. Microphone, camera, screen and the sound of the screen keep their places in it from the first time on: what
 * comes and goes later are tracks, which needs no negotiation.
 */
export class Publisher {
  readonly #deps: PublisherDeps
  readonly #pc: RTCPeerConnection
  readonly #places = new Map<Slot, RTCRtpTransceiver>()
  #published = false
  #closed = false
  /** How many negotiations are due; the running one has taken those before it. */
  #due = 0
  #iceRestartDue = false
  #isRunning = false

  constructor(deps: PublisherDeps) {
    this.#deps = deps
    const pc = new deps.RTCPeerConnection(deps.configuration)
    this.#pc = pc
    pc.onicecandidate = ({ candidate }) => deps.trickle(candidate ? candidate.toJSON() : null)
    pc.onconnectionstatechange = () => {
      if (pc.connectionState === 'failed') this.restart()
      deps.changed()
    }
  }

  /** Nothing to send counts as sent. */
  get isUp(): boolean {
    return this.#places.size === 0 || this.#pc.connectionState === 'connected'
  }

  get connection(): RTCPeerConnectionState {
    return this.#pc.connectionState
  }

  stats(): Promise<RTCStatsReport> {
    return this.#pc.getStats()
  }

  setLocal(local: LocalMedia): void {
    const wanted = tracksOf(local)
    let isNew = false
    for (const slot of slots) {
      const track = wanted[slot]
      const place = this.#places.get(slot)
      if (place) {
        if (place.sender.track !== track) place.sender.replaceTrack(track).catch(this.#deps.report)
      } else if (track) {
        this.#places.set(slot, this.#addPlace(slot, track))
        isNew = true
      }
    }
    if (isNew) this.#negotiate()
  }

  async replaceTrack(old: MediaStreamTrack, track: MediaStreamTrack): Promise<void> {
    const place = [...this.#places.values()].find(({ sender }) => sender.track === old)
    await place?.sender.replaceTrack(track)
  }

  setConfiguration(configuration: RTCConfiguration): void {
    this.#pc.setConfiguration(configuration)
  }

  /** Looks for a new way to Janus. */
  restart(): void {
    if (this.#places.size === 0) return
    this.#iceRestartDue = true
    this.#negotiate()
  }

  close(): void {
    this.#closed = true
    this.#pc.onicecandidate = null
    this.#pc.onconnectionstatechange = null
    this.#pc.close()
  }

  #addPlace(slot: Slot, track: MediaStreamTrack): RTCRtpTransceiver {
    if (slot === 'screen') track.contentHint = 'detail'
    return this.#pc.addTransceiver(track, { direction: 'sendonly', sendEncodings: encodings[slot] })
  }

  #negotiate(): void {
    this.#due++
    if (!this.#isRunning) void this.#negotiateAll()
  }

  /** Never rejects: the next `restart` tries again, and a connection that stays down is replaced as a whole. */
  async #negotiateAll(): Promise<void> {
    this.#isRunning = true
    for (let done = 0; done < this.#due && !this.#closed;) {
      done = this.#due
      try {
        await this.#offer()
      } catch (error) {
        if (!this.#closed) this.#deps.report(error)
      }
    }
    this.#due = 0
    this.#isRunning = false
  }

  async #offer(): Promise<void> {
    const pc = this.#pc
    if (pc.signalingState === 'have-local-offer') await pc.setLocalDescription({ type: 'rollback' })
    const iceRestart = this.#iceRestartDue
    this.#iceRestartDue = false
    const offer = await pc.createOffer({ iceRestart })
    await pc.setLocalDescription(offer)
    const request = this.#published ? 'configure' : 'publish'
    const body = { request, descriptions: this.#descriptions() }
    const { jsep } = await this.#deps.message(body, { type: 'offer', sdp: offer.sdp ?? '' })
    this.#published = true
    if (jsep && !this.#closed) await pc.setRemoteDescription(jsep)
  }

  #descriptions(): { mid: string; description: string }[] {
    return [...this.#places].flatMap(([slot, { mid }]) =>
      mid === null ? [] : [{ mid, description: descriptions[slot] }],
    )
  }
}

function tracksOf({ camera, screen }: LocalMedia): Record<Slot, MediaStreamTrack | null> {
  return {
    mic: camera?.getAudioTracks()[0] ?? null,
    cam: camera?.getVideoTracks()[0] ?? null,
    screen: screen?.getVideoTracks()[0] ?? null,
    screenSound: screen?.getAudioTracks()[0] ?? null,
  }
}
