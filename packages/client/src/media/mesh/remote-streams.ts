import type { StreamNames } from './signal-data.ts'

type Role = keyof StreamNames

/**
 * The streams that one peer sends: the tracks of its connection, put together by what it says of their `mid`s. (The
 * MediaStream ids of the SDP would do if browsers told every change of them: they do not when a transceiver is used again.)
 */
export class RemoteStreams {
  readonly #pc: RTCPeerConnection
  readonly #streams: Record<Role, MediaStream> = { camera: new MediaStream(), screen: new MediaStream() }
  #names: StreamNames | null = null

  constructor(pc: RTCPeerConnection) {
    this.#pc = pc
  }

  /** To be called when the description that they came with is set. */
  name(names: StreamNames): void {
    this.#names = names
    this.refresh()
  }

  /** Brings the streams up to date after a negotiation. */
  refresh(): void {
    for (const role of ['camera', 'screen'] as const) {
      const stream = this.#streams[role]
      const tracks = this.#tracks(role)
      for (const track of stream.getTracks()) if (!tracks.includes(track)) stream.removeTrack(track)
      for (const track of tracks) stream.addTrack(track)
    }
  }

  /** Always the same object while there is something in it. */
  get camera(): MediaStream | null {
    return nullIfEmpty(this.#streams.camera)
  }

  get screen(): MediaStream | null {
    return nullIfEmpty(this.#streams.screen)
  }

  #tracks(role: Role): MediaStreamTrack[] {
    const names = this.#names
    const transceivers = this.#pc
      .getTransceivers()
      .filter(({ mid, direction }) => mid !== null && direction !== 'stopped')
    if (names)
      return transceivers.filter(({ mid }) => names[role].includes(mid ?? '')).map(({ receiver }) => receiver.track)
    return role === 'camera' ? transceivers.filter(isReceiving).map(({ receiver }) => receiver.track) : []
  }
}

const nullIfEmpty = (stream: MediaStream): MediaStream | null => (stream.getTracks().length === 0 ? null : stream)
const isReceiving = ({ currentDirection }: RTCRtpTransceiver): boolean =>
  currentDirection === 'sendrecv' || currentDirection === 'recvonly'
