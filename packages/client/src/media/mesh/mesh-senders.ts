import type { LocalMedia } from '../transport.ts'
import type { StreamNames } from './signal-data.ts'

/**
 * The senders of one peer connection. A track that goes leaves its transceiver to the next of its kind (`addTrack` would take a new
 * one each time, and a day of screen sharing make an endless SDP).
 */
export class MeshSenders {
  readonly #pc: RTCPeerConnection
  readonly #report: (error: unknown) => void
  readonly #sending = new Map<MediaStreamTrack, { sender: RTCRtpSender; role: keyof LocalMedia }>()

  constructor(pc: RTCPeerConnection, report: (error: unknown) => void) {
    this.#pc = pc
    this.#report = report
  }

  get isEmpty(): boolean {
    return this.#sending.size === 0
  }

  /** The kinds of tracks, by the `mid`s that the last description gave. */
  get names(): StreamNames {
    const names: StreamNames = { camera: [], screen: [] }
    const transceivers = this.#pc.getTransceivers()
    for (const { sender, role } of this.#sending.values()) {
      const mid = transceivers.find((t) => t.sender === sender)?.mid
      if (typeof mid === 'string') names[role].push(mid)
    }
    return names
  }

  /** Sends the tracks of these streams, and no others. */
  send({ camera, screen }: LocalMedia): void {
    const wanted = [...tracksOf('camera', camera), ...tracksOf('screen', screen)]
    for (const [track, { sender }] of this.#sending) {
      if (wanted.some((w) => w.track === track)) continue
      this.#sending.delete(track)
      this.#pc.removeTrack(sender)
    }
    for (const { track, stream, role } of wanted) {
      if (!this.#sending.has(track))
        this.#sending.set(track, { role, sender: this.#reuse(track) ?? this.#pc.addTrack(track, stream) })
    }
  }

  async replace(old: MediaStreamTrack, track: MediaStreamTrack): Promise<void> {
    const sent = this.#sending.get(old)
    if (!sent) return
    this.#sending.delete(old)
    this.#sending.set(track, sent)
    await sent.sender.replaceTrack(track)
  }

  #reuse(track: MediaStreamTrack): RTCRtpSender | null {
    const taken = new Set([...this.#sending.values()].map(({ sender }) => sender))
    const idle = this.#pc
      .getTransceivers()
      .find((t) => isIdle(t) && t.receiver.track.kind === track.kind && !taken.has(t.sender))
    if (!idle) return null
    idle.direction = 'sendrecv'
    idle.sender.replaceTrack(track).catch(this.#report)
    return idle.sender
  }
}

const tracksOf = (role: keyof LocalMedia, stream: MediaStream | null) =>
  stream ? stream.getTracks().map((track) => ({ track, stream, role })) : []

/** Idle on the other side too: without a negotiation the peer would not be told what comes there now. */
const isIdle = ({ sender, direction, currentDirection }: RTCRtpTransceiver): boolean =>
  sender.track === null && direction !== 'stopped' && currentDirection !== 'sendrecv' && currentDirection !== 'sendonly'
