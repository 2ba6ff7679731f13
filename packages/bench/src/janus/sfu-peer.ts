import { setTimeout as sleep } from 'node:timers/promises'
import type { Sfu } from '@parley/contracts'
import { MediaStreamTrack, RTCPeerConnection, RtpHeader, RtpPacket, useOPUS, useVP8 } from 'werift'
import { JanusClient, type JanusNews } from './janus-client.ts'

type Kind = 'mic' | 'cam'

interface Published {
  id: string
  streams?: { mid: string; type: string; description?: string }[]
}

/** The traffic of one medium of a participant. */
export interface Received {
  packets: number
  bytes: number
  /** When the last one came, by `performance.now()`. */
  lastAt: number
  /** The longest time between two packets, ms, since `forgetGaps`. */
  longestGapMs: number
}

export interface PeerOptions {
  /** How often a packet of video is sent, ms; 0: none. */
  videoEveryMs?: number
  videoBytes?: number
  /** How many others it receives at most; all unless told. */
  watches?: number
}

const audioEveryMs = 20
/** An Opus frame of silence (RFC 6716): what it says does not matter to the SFU. */
const opusFrame = Buffer.from([0xf8, 0xff, 0xfe, ...Buffer.alloc(60)])

/** Somebody in a call without a browser: publishes real RTP through Janus, and receives that of the others. */
export class SfuPeer {
  readonly client: JanusClient
  #sfu: Sfu
  readonly #options: Required<PeerOptions>
  readonly #received = new Map<string, Received>()
  readonly #sources: { track: MediaStreamTrack; timer: NodeJS.Timeout }[] = []
  #publisher: RTCPeerConnection | null = null
  #subscriber: { pc: RTCPeerConnection; handle: number } | null = null
  #handle = 0
  #privateId = 0
  #feeds = new Map<string, Published>()
  #subscribed = new Set<string>()
  /** Media by the mid of the subscription. */
  readonly #media = new Map<string, string>()
  #subscribing = Promise.resolve()

  private constructor(client: JanusClient, sfu: Sfu, options: PeerOptions) {
    this.client = client
    this.#sfu = sfu
    this.#options = { videoEveryMs: 40, videoBytes: 500, watches: Infinity, ...options }
  }

  /** Opens the WebSocket of the gateway and begins a session. */
  static async connect(sfu: Sfu, accessToken: string, options: PeerOptions = {}): Promise<SfuPeer> {
    const client = await JanusClient.open(sfu, accessToken)
    await client.create()
    return new SfuPeer(client, sfu, options)
  }

  get session(): number {
    return this.client.session
  }

  /** New tokens for the same room; those of another room are for another peer. */
  renew(sfu: Sfu): void {
    if (sfu.room !== this.#sfu.room) return
    this.#sfu = sfu
    this.client.token = sfu.token
  }

  /** Joins, publishes a microphone and a camera, and from then on receives everybody. */
  async publish(): Promise<void> {
    this.#handle = await this.client.attach((news) => this.#hear(news))
    const { room, roomToken, feed } = this.#sfu
    const joined = await this.client.message(this.#handle, {
      request: 'join',
      ptype: 'publisher',
      room,
      id: feed,
      token: roomToken,
    })
    const data = joined.plugindata?.data ?? {}
    this.#privateId = Number(data['private_id'])
    await this.#offer()
    this.#note(data['publishers'] as Published[] | undefined)
  }

  /** Asks Janus for changes of what it publishes. */
  async configure(changes: Readonly<Record<string, unknown>>): Promise<void> {
    await this.client.message(this.#handle, { request: 'configure', ...changes })
  }

  /** Packets that have arrived of a medium. */
  from(feed: string, kind: Kind): Received {
    const key = `${feed} ${kind}`
    const received = this.#received.get(key) ?? { packets: 0, bytes: 0, lastAt: 0, longestGapMs: 0 }
    this.#received.set(key, received)
    return received
  }

  forgetGaps(): void {
    for (const received of this.#received.values()) Object.assign(received, { longestGapMs: 0, lastAt: 0 })
  }

  /** Packets and bytes of all media that have arrived. */
  total(): { packets: number; bytes: number } {
    const all = [...this.#received.values()]
    return {
      packets: all.reduce((sum, { packets }) => sum + packets, 0),
      bytes: all.reduce((sum, { bytes }) => sum + bytes, 0),
    }
  }

  /** How many packets of a medium arrive in that time. */
  async countFor(ms: number, feed: string, kind: Kind): Promise<number> {
    const before = this.from(feed, kind).packets
    await sleep(ms)
    return this.from(feed, kind).packets - before
  }

  async close(): Promise<void> {
    for (const { timer } of this.#sources) clearInterval(timer)
    this.client.drop()
    await Promise.all([this.#publisher?.close(), this.#subscriber?.pc.close()])
  }

  async #offer(): Promise<void> {
    const pc = newConnection()
    this.#publisher = pc
    const audio = this.#source(pc, 'audio', audioEveryMs, opusFrame)
    const descriptions = [{ mid: audio, description: 'mic' }]
    const { videoEveryMs, videoBytes } = this.#options
    // A VP8 payload descriptor (RFC 7741) that begins a partition, and the first byte of a frame between key frames.
    const vp8 = Buffer.concat([Buffer.from([0x10, 0x01]), Buffer.alloc(videoBytes)])
    if (videoEveryMs > 0) descriptions.push({ mid: this.#source(pc, 'video', videoEveryMs, vp8), description: 'cam' })
    await pc.setLocalDescription(await pc.createOffer())
    const answer = await this.client.message(
      this.#handle,
      { request: 'publish', descriptions },
      { type: 'offer', sdp: pc.localDescription?.sdp ?? '' },
    )
    if (answer.jsep === undefined) throw new Error('Janus gave no answer to the offer')
    await pc.setRemoteDescription(answer.jsep)
    await until(() => pc.connectionState === 'connected', 'the publisher did not connect')
  }

  /** Sends a packet of `payload` every so often; returns the mid it will have. */
  #source(pc: RTCPeerConnection, kind: 'audio' | 'video', everyMs: number, payload: Buffer): string {
    const track = new MediaStreamTrack({ kind })
    pc.addTransceiver(track, { direction: 'sendonly' })
    let sequenceNumber = 0
    const step = kind === 'audio' ? everyMs * 48 : everyMs * 90
    const startedAt = performance.now()
    const timer = setInterval(() => {
      if (pc.connectionState !== 'connected') return
      // As many as are due: timers come late on a busy machine.
      for (const due = (performance.now() - startedAt) / everyMs; sequenceNumber < due; sequenceNumber += 1) {
        const header = new RtpHeader({
          sequenceNumber: sequenceNumber & 0xffff,
          timestamp: (sequenceNumber * step) >>> 0,
          payloadType: 96,
          marker: true,
        })
        track.writeRtp(new RtpPacket(header, payload))
      }
    }, everyMs)
    this.#sources.push({ track, timer })
    return String(this.#sources.length - 1)
  }

  #hear({ plugindata }: JanusNews): void {
    const data = plugindata?.data ?? {}
    this.#note(data['publishers'] as Published[] | undefined)
    for (const key of ['unpublished', 'leaving', 'kicked']) {
      const id = String(data[key])
      this.#feeds.delete(id)
      this.#subscribed.delete(id)
    }
  }

  #note(publishers: readonly Published[] = []): void {
    for (const publisher of publishers) this.#feeds.set(publisher.id, publisher)
    if (publishers.length > 0) this.#subscribing = this.#subscribing.then(() => this.#subscribe())
  }

  /** One subscription for all: begun with the first, then told of more. */
  async #subscribe(): Promise<void> {
    const streams = [...this.#feeds.keys()]
      .filter((feed) => !this.#subscribed.has(feed))
      .slice(0, Math.max(0, this.#options.watches - this.#subscribed.size))
      .map((feed) => ({ feed }))
    if (streams.length === 0) return
    for (const { feed } of streams) this.#subscribed.add(feed)
    const { room, roomToken } = this.#sfu
    if (this.#subscriber === null) {
      const pc = newConnection()
      const handle = await this.client.attach((news) => void this.#answer(news))
      this.#subscriber = { pc, handle }
      pc.onTransceiverAdded.subscribe((transceiver) =>
        transceiver.onTrack.subscribe((track) =>
          track.onReceiveRtp.subscribe((packet) => this.#count(transceiver.mid ?? '', packet)),
        ),
      )
      const first = {
        request: 'join',
        ptype: 'subscriber',
        room,
        token: roomToken,
        private_id: this.#privateId,
        streams,
      }
      return this.#answer(await this.client.message(handle, first))
    }
    const { handle } = this.#subscriber
    await this.#answer(await this.client.message(handle, { request: 'subscribe', streams }))
  }

  async #answer({ jsep, plugindata }: JanusNews): Promise<void> {
    const streams = plugindata?.data['streams'] as
      | { mid: string; type: string; feed_id?: string; feed_description?: string }[]
      | undefined
    for (const { mid, type, feed_id: feed } of streams ?? [])
      if (feed !== undefined) this.#media.set(mid, `${feed} ${type === 'audio' ? 'mic' : 'cam'}`)
    if (jsep === undefined || this.#subscriber === null) return
    const { pc, handle } = this.#subscriber
    await pc.setRemoteDescription(jsep)
    await pc.setLocalDescription(await pc.createAnswer())
    await this.client.message(handle, { request: 'start' }, { type: 'answer', sdp: pc.localDescription?.sdp ?? '' })
  }

  #count(mid: string, packet: RtpPacket): void {
    const [feed = '', kind] = (this.#media.get(mid) ?? '').split(' ')
    const received = this.from(feed, kind === 'cam' ? 'cam' : 'mic')
    const now = performance.now()
    if (received.lastAt > 0) received.longestGapMs = Math.max(received.longestGapMs, now - received.lastAt)
    received.lastAt = now
    received.packets += 1
    received.bytes += packet.payload.length
  }
}

const newConnection = () =>
  new RTCPeerConnection({
    codecs: { audio: [useOPUS()], video: [useVP8()] },
    bundlePolicy: 'max-bundle',
    iceServers: [],
    iceUseIpv6: false,
  })

async function until(check: () => boolean, failure: string): Promise<void> {
  const late = performance.now() + 15_000
  while (!check()) {
    if (performance.now() > late) throw new Error(failure)
    await sleep(20)
  }
}
