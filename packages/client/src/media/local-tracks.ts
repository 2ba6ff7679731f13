/** The tracks sent: microphone and camera of the caller's stream, in a stream of our own that can be changed. */
export class LocalTracks {
  readonly #camera: MediaStream | null
  readonly #on: { mic: boolean; cam: boolean }

  constructor(stream: MediaStream | null, device: { mic: boolean; cam: boolean }) {
    this.#camera = stream && new MediaStream(stream.getTracks())
    this.#on = { ...device }
    this.#apply()
  }

  /** Null: one only receives. */
  get camera(): MediaStream | null {
    return this.#camera
  }

  /** Lets the tracks of that kind flow or not. */
  set(kind: 'mic' | 'cam', on: boolean): void {
    this.#on[kind] = on
    this.#apply()
  }

  /** Takes `track` in place of the one of its kind, which it answers; null if there was none. */
  replace(track: MediaStreamTrack): MediaStreamTrack | null {
    const old = this.#camera?.getTracks().find(({ kind }) => kind === track.kind) ?? null
    if (old) this.#camera?.removeTrack(old)
    this.#camera?.addTrack(track)
    this.#apply()
    return old
  }

  #apply(): void {
    for (const track of this.#camera?.getTracks() ?? [])
      track.enabled = track.kind === 'audio' ? this.#on.mic : this.#on.cam
  }
}
