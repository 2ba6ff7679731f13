import { MediaStreamTrack, RtpHeader, RtpPacket } from 'werift'
import type { Clip } from './clips.ts'

const tickMs = 10

/** Plays a clip into a track, again and again, in real time. */
export class Player {
  readonly track: MediaStreamTrack
  readonly #clip: Clip
  readonly #beganAt = performance.now()
  readonly #timer: NodeJS.Timeout
  #sequence = 1
  /** Frames since the beginning, played or not. */
  #frame = 0
  #ticks = 0
  on = true

  constructor(kind: 'audio' | 'video', clip: Clip) {
    this.track = new MediaStreamTrack({ kind })
    this.#clip = clip
    this.#timer = setInterval(() => this.#play(), tickMs)
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  #play(): void {
    const { frames, ticksPerSecond } = this.#clip
    const due = ((performance.now() - this.#beganAt) * ticksPerSecond) / 1000
    while (this.#ticks <= due) {
      const frame = frames[this.#frame % frames.length]
      if (frame === undefined) return
      if (this.on) this.#send(frame.payloads)
      this.#frame += 1
      this.#ticks += frame.ticks
    }
  }

  #send(payloads: readonly Buffer[]): void {
    for (const [at, payload] of payloads.entries()) {
      const header = new RtpHeader({
        payloadType: 96,
        sequenceNumber: this.#sequence++ & 0xffff,
        timestamp: this.#ticks >>> 0,
        ssrc: 1,
        marker: at === payloads.length - 1,
      })
      this.track.writeRtp(new RtpPacket(header, payload))
    }
  }
}
