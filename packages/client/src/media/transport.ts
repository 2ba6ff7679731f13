import type { IceServer, Participant } from '@parley/contracts'
import type { MediaView, RemoteMedia } from '../api.ts'

/** The tracks sent: microphone and camera in one stream, a shared screen in another. */
export interface LocalMedia {
  camera: MediaStream | null
  screen: MediaStream | null
}

/** One counter reading of what comes from, or goes to, one person. Counts grow; times are in milliseconds. */
export interface FlowSample {
  kind: 'audio' | 'video'
  packets: number
  packetsLost: number
  bytes: number
  framesDecoded: number
  jitterMs: number
}

export interface TransportSample {
  /** By the participant id of the sender. */
  inbound: ReadonlyMap<string, readonly FlowSample[]>
  /** Round trip to whoever receives us; null while nobody has told. */
  roundTripMs: number | null
  /** Share of our packets that got lost on the way out, 0 to 1; null while nobody has told. */
  outboundLoss: number | null
}

/** One way to carry the media of a room: from each to each (mesh), or by a server (SFU). */
export interface MediaTransport {
  /** By participant id; a new map whenever something in it changed. */
  readonly remote: ReadonlyMap<string, RemoteMedia>
  /** Whether what we send goes out, or could if there were anything. */
  readonly isUp: boolean
  /** Follows who is in the room, and what they have switched on. */
  sync(selfId: string, peers: readonly Participant[]): void
  setLocal(local: LocalMedia): void
  /** Swaps a track that is being sent. */
  replaceTrack(old: MediaStreamTrack, track: MediaStreamTrack): Promise<void>
  setIceServers(iceServers: readonly IceServer[]): void
  /** The tiles that the page shows; null for all of it at its best. */
  setView(view: MediaView | null): void
  sample(): Promise<TransportSample>
  close(): void
}
