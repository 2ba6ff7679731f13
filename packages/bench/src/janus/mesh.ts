import { MediaStreamTrack, RTCPeerConnection, RtpHeader, RtpPacket, useOPUS, useVP8 } from 'werift'

/** People who are all connected with each other directly: each sends everything once to everybody. */
export interface Mesh {
  packets(): number
  bytes(): number
}

const media = [
  { kind: 'audio', everyMs: 20, payload: Buffer.alloc(63) },
  { kind: 'video', everyMs: 40, payload: Buffer.alloc(502) },
] as const

/** Connects `people`, who send the same media as an `SfuPeer`, until the process ends. */
export async function startMesh(people: number): Promise<Mesh> {
  let packets = 0
  let bytes = 0
  const connection = (): RTCPeerConnection =>
    new RTCPeerConnection({
      codecs: { audio: [useOPUS()], video: [useVP8()] },
      bundlePolicy: 'max-bundle',
      iceServers: [],
      iceUseIpv6: false,
    })
  /** One way; the other way is another connection, which costs the same per packet. */
  async function connect(): Promise<void> {
    const [from, to] = [connection(), connection()]
    const tracks = media.map(({ kind }) => new MediaStreamTrack({ kind }))
    for (const track of tracks) from.addTransceiver(track, { direction: 'sendonly' })
    to.onTrack.subscribe((track) =>
      track.onReceiveRtp.subscribe(({ payload }) => {
        packets += 1
        bytes += payload.length
      }),
    )
    await from.setLocalDescription(await from.createOffer())
    if (from.localDescription) await to.setRemoteDescription(from.localDescription)
    await to.setLocalDescription(await to.createAnswer())
    if (to.localDescription) await from.setRemoteDescription(to.localDescription)
    media.forEach(({ everyMs, payload, kind }, index) => {
      let sequenceNumber = 0
      const send = (): void => {
        if (from.connectionState !== 'connected') return
        sequenceNumber += 1
        const timestamp = sequenceNumber * everyMs * (kind === 'audio' ? 48 : 90)
        const header = new RtpHeader({ sequenceNumber: sequenceNumber & 0xffff, timestamp, payloadType: 96 })
        tracks[index]?.writeRtp(new RtpPacket(header, payload))
      }
      setInterval(send, everyMs)
    })
  }
  await Promise.all(Array.from({ length: people * (people - 1) }, connect))
  return {
    packets: () => packets,
    bytes: () => bytes,
  }
}
