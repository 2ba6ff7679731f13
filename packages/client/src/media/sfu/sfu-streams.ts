import type { Participant } from '@parley/contracts'
import type { RemoteMedia } from '../../api.ts'
import type { Received } from './subscriber.ts'

type Streams = Record<'camera' | 'screen', MediaStream>

/** The streams from the SFU by participant: the same MediaStream as long as they are there. */
export class SfuStreams {
  readonly #streams = new Map<string, Streams>()

  /** By participant id. A screen is one only while its owner says that it is shared: its place in the connection outlives it. */
  read(
    peers: readonly Participant[],
    received: readonly Received[],
    connection: RTCPeerConnectionState,
  ): Map<string, RemoteMedia> {
    const remote = new Map<string, RemoteMedia>()
    for (const { id, screen } of peers) {
      const mine = received.filter(({ feed }) => feed === id)
      const streams = this.#of(id)
      fill(
        streams.camera,
        mine.filter(({ description }) => description !== 'screen'),
      )
      fill(streams.screen, screen ? mine.filter(({ description }) => description === 'screen') : [])
      remote.set(id, {
        camera: nullIfEmpty(streams.camera),
        screen: nullIfEmpty(streams.screen),
        connection: mine.length === 0 ? 'new' : connection,
      })
    }
    for (const id of this.#streams.keys()) if (!remote.has(id)) this.#streams.delete(id)
    return remote
  }

  #of(id: string): Streams {
    const known = this.#streams.get(id)
    if (known) return known
    const streams = { camera: new MediaStream(), screen: new MediaStream() }
    this.#streams.set(id, streams)
    return streams
  }
}

function fill(stream: MediaStream, received: readonly Received[]): void {
  const tracks = received.map(({ track }) => track)
  for (const track of stream.getTracks()) if (!tracks.includes(track)) stream.removeTrack(track)
  for (const track of tracks) stream.addTrack(track)
}

const nullIfEmpty = (stream: MediaStream): MediaStream | null => (stream.getTracks().length === 0 ? null : stream)
