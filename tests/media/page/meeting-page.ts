/** Runs in a browser page: a participant of one colour and one tone, by the SDK. It tells what they see and hear of the others. */
import { createParley, type Room } from '../../../packages/client/src/index.ts'

const parley = createParley({ url: location.origin, tokenDelivery: 'body' })
/** Where this page opened WebSockets to, and its peer connections: what it does besides, nobody sees. */
const sockets: string[] = []
const connections: RTCPeerConnection[] = []
const videos = new Map<string, HTMLVideoElement>()
let room: Room | null = null

/** How a page may reach others: in any way, by a relay alone, or by a relay that it reaches over TCP alone. */
export type Way = 'any' | 'relay' | 'relay-tcp'

function watchNetwork(way: Way): void {
  const Socket = window.WebSocket
  window.WebSocket = class extends Socket {
    constructor(url: string | URL, protocols?: string | string[]) {
      super(url, protocols)
      sockets.push(new URL(url, location.href).origin)
    }
  }
  const Connection = window.RTCPeerConnection
  window.RTCPeerConnection = class extends Connection {
    constructor(configuration?: RTCConfiguration) {
      super(narrowed(configuration, way))
      connections.push(this)
    }
    override setConfiguration(configuration: RTCConfiguration): void {
      super.setConfiguration(narrowed(configuration, way))
    }
  }
}

function narrowed(configuration: RTCConfiguration | undefined, way: Way): RTCConfiguration {
  const overTcp = (urls: string | string[]): string[] => [urls].flat().filter((url) => url.endsWith('transport=tcp'))
  const servers = (configuration?.iceServers ?? [])
    .map((server) => (way === 'relay-tcp' ? { ...server, urls: overTcp(server.urls) } : server))
    .filter(({ urls }) => urls.length > 0)
  return { ...configuration, iceServers: servers, iceTransportPolicy: way === 'any' ? 'all' : 'relay' }
}

/** A plain picture in which something moves, so that there is always something to send. */
function picture(colour: string, width: number): MediaStreamTrack[] {
  const canvas = Object.assign(document.createElement('canvas'), { width, height: (width * 9) / 16 })
  const context = canvas.getContext('2d')
  let tick = 0
  setInterval(() => {
    if (!context) return
    context.fillStyle = colour
    context.fillRect(0, 0, canvas.width, canvas.height)
    context.fillStyle = 'white'
    context.fillRect((tick++ * 5) % canvas.width, 0, 8, 8)
  }, 100)
  return canvas.captureStream(10).getTracks()
}

function tone(hz: number): MediaStreamTrack[] {
  const context = new AudioContext()
  const oscillator = new OscillatorNode(context, { frequency: hz })
  const destination = context.createMediaStreamDestination()
  oscillator.connect(destination)
  oscillator.start()
  return destination.stream.getTracks()
}

/** The middle of the picture that this stream shows now, as red, green and blue; null while there is none. */
function colourOf(name: string, stream: MediaStream | null): number[] | null {
  const video = videos.get(name) ?? Object.assign(document.createElement('video'), { muted: true, autoplay: true })
  if (!videos.has(name)) document.body.append(video)
  videos.set(name, video)
  if (video.srcObject !== stream) video.srcObject = stream
  if (stream === null || video.videoWidth === 0) return null
  const canvas = Object.assign(document.createElement('canvas'), { width: 8, height: 8 })
  const context = canvas.getContext('2d')
  context?.drawImage(video, 0, 0, 8, 8)
  return [...(context?.getImageData(4, 4, 1, 1).data.slice(0, 3) ?? [])]
}

async function reports(): Promise<Record<string, unknown>[]> {
  const all = await Promise.all(connections.map((connection) => connection.getStats()))
  return all.flatMap((stats) => [...(stats.values() as Iterable<Record<string, unknown>>)])
}

const meetingRoom = (): Room => {
  if (room === null) throw new Error('not in a meeting')
  return room
}
const idOf = (name: string): string => {
  const found = meetingRoom()
    .state.get()
    .peers.find((peer) => peer.name === name)
  if (found === undefined) throw new Error(`${name} is not here`)
  return found.id
}

interface Entering {
  name: string
  code: string
  colour: string
  way: Way
  hz?: number
  width?: number
}

const api = {
  /** Makes an account and a meeting; resolves to its id and code. */
  async host(name: string, email: string, settings: Record<string, unknown>) {
    await parley.signUp({ name, email, password: 'correct horse battery' })
    const { id, code } = await parley.rest.createMeeting({ body: { title: 'Colours', settings } })
    return { id, code }
  },
  /** `width`: of the picture, at 16:9. */
  async enter({ name, code, colour, way, hz = 440, width = 320 }: Entering) {
    watchNetwork(way)
    if (parley.user.get() === null) await parley.signInAsGuest({ name })
    const localStream = new MediaStream([...tone(hz), ...picture(colour, width)])
    room = await parley.join({ code, device: { mic: true, cam: true }, localStream })
  },
  carrier: () => room?.state.get().carrier.by ?? null,
  status: () => room?.state.get().status.state ?? null,
  /** The picture of each of the others. */
  seen(): Record<string, number[] | null> {
    const { peers, remote } = meetingRoom().state.get()
    return Object.fromEntries(peers.map(({ id, name }) => [name, colourOf(name, remote.get(id)?.camera ?? null)]))
  },
  /** How many packets of sound and decoded pictures have come from each of the others so far. */
  async received(): Promise<Record<string, { audio: number; frames: number }>> {
    const inbound = (await reports()).filter(({ type }) => type === 'inbound-rtp')
    const { peers, remote } = meetingRoom().state.get()
    const sum = (id: string, kind: string, key: string): number => {
      const tracks = (remote.get(id)?.camera?.getTracks() ?? []).map((track) => track.id)
      const own = inbound.filter(
        (report) => report['kind'] === kind && tracks.includes(String(report['trackIdentifier'])),
      )
      return own.reduce((total, report) => total + Number(report[key] ?? 0), 0)
    }
    return Object.fromEntries(
      peers.map(({ id, name }) => [
        name,
        { audio: sum(id, 'audio', 'packetsReceived'), frames: sum(id, 'video', 'framesDecoded') },
      ]),
    )
  },
  /** Everything that this page has received, whomever it is of. */
  async packets(): Promise<number> {
    const inbound = (await reports()).filter(({ type }) => type === 'inbound-rtp')
    return inbound.reduce((total, report) => total + Number(report['packetsReceived'] ?? 0), 0)
  },
  /** The kinds of this page's own candidates in the pairs that carry media; of relays, how the page reaches them. */
  async ways(): Promise<string[]> {
    const all = await reports()
    const used = all.filter(
      ({ type, nominated, state }) => type === 'candidate-pair' && nominated && state === 'succeeded',
    )
    return used.map(({ localCandidateId }) => {
      const own = all.find(({ id }) => id === localCandidateId)
      return [own?.['candidateType'], own?.['relayProtocol']].filter(Boolean).join(' ')
    })
  },
  /** How many sizes of its camera this page sends. */
  async sizesSent(): Promise<number> {
    const sent = (await reports()).filter(({ type, kind, rid }) => type === 'outbound-rtp' && kind === 'video' && rid)
    return sent.filter(({ framesEncoded }) => Number(framesEncoded ?? 0) > 0).length
  },
  /** Most that this page asks its camera's encoders for now, bits per second. */
  async targetBitrate(): Promise<number> {
    const sent = (await reports()).filter(({ type, kind }) => type === 'outbound-rtp' && kind === 'video')
    return sent.reduce((sum, { targetBitrate }) => sum + Number(targetBitrate ?? 0), 0)
  },
  setMic: (on: boolean) => meetingRoom().setMic(on),
  /** How the recording stands that this page has been told of. */
  recordingSeen: () => meetingRoom().state.get().recording?.status ?? null,
  sockets: () => sockets,
  mute: (name: string) => meetingRoom().mute(idOf(name), 'mic'),
  remove: (name: string) => meetingRoom().remove(idOf(name)),
  async forbidVideo(id: string) {
    await parley.rest.updateMeeting({ params: { id }, body: { settings: { video: false } } })
  },
  leave: () => meetingRoom().leave(),
}
export type MeetingPage = typeof api
Object.assign(window, { meeting: api })
