import type { SignalData, StreamNames } from './signal-data.ts'
import { later } from '../../time.ts'

export interface NegotiationOptions {
  pc: RTCPeerConnection
  /** Gives way when both offer at once. */
  polite: boolean
  send(data: SignalData): void
  /** The kinds that our description offers, by `mid`. */
  names(): StreamNames
  /** The other side offers, or leaves the first offer to us: time to put in what we send. */
  begin(): void
  /** A description was set; `streams` came with it. */
  described(streams?: StreamNames): void
  /** Descriptions no longer fit together; only a new connection helps. */
  broken(): void
  fail(error: unknown): void
}

const maxEarly = 256
const askAgainMs = 3_000
const grantMs = 4_000

/**
 * Offers and answers with one peer. Perfect negotiation (W3C WebRTC 1.0, §10.7) underneath, but by turns, so that offers hardly
 * ever collide: the impolite side offers when it likes, the polite one asks for its turn first. Chromium (156) takes back an
 * offer only in theory: afterwards it receives black, for the transceiver's track stays muted. Or it can no longer offer at all ("A BUNDLE
 * group contains a codec collision for header extension id").
 */
export class Negotiation {
  readonly #options: NegotiationOptions
  readonly #pc: RTCPeerConnection
  #makingOffer = false
  #ignoringOffer = false
  #settingRemoteAnswer = false
  /** Candidates that came before the description that they belong to. */
  #early: RTCIceCandidateInit[] = []
  /** An offer of ours is due. */
  #wanted = false
  /** Polite: how often we asked for the turn. */
  #asks = 0
  /** Impolite: the other side asked for the turn; it has it. */
  #asked = false
  #granted = false
  #stopTimer = () => {}
  #closed = false

  constructor(options: NegotiationOptions) {
    this.#options = options
    this.#pc = options.pc
  }

  /** `negotiationneeded` fired. */
  need(): void {
    this.#wanted = true
    this.proceed()
  }

  /** Does what is due, if it can be done now; to be called also when the connection becomes stable. */
  proceed(): void {
    if (this.#closed || this.#pc.signalingState !== 'stable' || this.#makingOffer) return
    if (this.#options.polite) {
      if (this.#wanted && this.#asks === 0) this.#ask()
      return
    }
    if (this.#granted) return
    if (this.#asked) this.#grant()
    else if (this.#wanted) void this.#offer()
  }

  /** Takes a signal; the next one only after this. Rejects when it does not fit. */
  async take({ description, candidate, streams, ask, yours }: SignalData): Promise<void> {
    if (description) return this.#takeDescription(description, streams)
    if (candidate) return this.#takeCandidate(candidate)
    if (ask) this.#asked = true
    if (yours) await this.#takeTurn()
    this.proceed()
  }

  close(): void {
    this.#closed = true
    this.#stopTimer()
  }

  /** A peer that knows nothing of turns gives none: then we offer all the same. */
  #ask(): void {
    this.#asks++
    if (this.#asks > 2) return void this.#takeTurn()
    this.#options.send({ ask: true })
    this.#stopTimer = later(askAgainMs, () => this.#ask())
  }

  #grant(): void {
    this.#asked = false
    this.#granted = true
    this.#options.send({ yours: true })
    this.#stopTimer = later(grantMs, () => this.#endTurn())
  }

  #endTurn(): void {
    this.#stopTimer()
    this.#granted = false
    this.proceed()
  }

  async #takeTurn(): Promise<void> {
    this.#stopTimer()
    this.#asks = 0
    this.#options.begin()
    if (this.#wanted && this.#pc.signalingState === 'stable') await this.#offer()
  }

  async #offer(): Promise<void> {
    try {
      this.#wanted = false
      this.#makingOffer = true
      await this.#pc.setLocalDescription()
      this.#tell()
    } catch (error) {
      this.#options.fail(error)
      this.#options.broken()
    } finally {
      this.#makingOffer = false
    }
  }

  async #takeDescription(description: RTCSessionDescriptionInit, streams?: StreamNames): Promise<void> {
    const isOffer = description.type === 'offer'
    const ready = !this.#makingOffer && (this.#pc.signalingState === 'stable' || this.#settingRemoteAnswer)
    this.#ignoringOffer = isOffer && !ready && !this.#options.polite
    if (this.#ignoringOffer) return
    this.#settingRemoteAnswer = !isOffer
    await this.#pc.setRemoteDescription(description).finally(() => {
      this.#settingRemoteAnswer = false
    })
    await this.#takeEarly()
    if (isOffer) {
      this.#options.begin()
      await this.#pc.setLocalDescription()
      this.#tell()
    }
    this.#options.described(streams)
    if (isOffer && !this.#options.polite) this.#endTurn()
    else this.proceed()
  }

  async #takeCandidate(candidate: RTCIceCandidateInit): Promise<void> {
    if (!this.#pc.remoteDescription) {
      if (!this.#ignoringOffer && this.#early.length < maxEarly) this.#early.push(candidate)
      return
    }
    try {
      await this.#pc.addIceCandidate(candidate)
    } catch (error) {
      if (!this.#ignoringOffer) this.#options.fail(error)
    }
  }

  async #takeEarly(): Promise<void> {
    const early = this.#early
    this.#early = []
    for (const candidate of early) await this.#takeCandidate(candidate)
  }

  #tell(): void {
    const description = this.#pc.localDescription
    if (!description || (description.type !== 'offer' && description.type !== 'answer')) return
    const { type, sdp } = description
    this.#options.send({ description: { type, sdp }, streams: this.#options.names() })
  }
}
