/** Runs in a browser page: a person of one colour and one tone in an SFU room, and what they see and hear of others. */
import type { Participant, Sfu } from '@parley/contracts'
import { MediaSwitch } from '../../../packages/client/src/media/media-switch.ts'
import { SfuTransport } from '../../../packages/client/src/media/sfu/sfu-transport.ts'

/** Drawn each frame, so that there is always something to send. */
function colourStream(colour: string, width = 640, height = 360): MediaStream {
  const canvas = Object.assign(document.createElement('canvas'), { width, height })
  const context = canvas.getContext('2d')
  let tick = 0
  setInterval(() => {
    if (!context) return
    context.fillStyle = colour
    context.fillRect(0, 0, width, height)
    context.fillStyle = 'white'
    context.fillRect((tick++ * 7) % width, 0, 12, 12)
  }, 66)
  return canvas.captureStream(15)
}

function toneTrack(): MediaStreamTrack {
  const context = new AudioContext()
  const oscillator = context.createOscillator()
  const destination = context.createMediaStreamDestination()
  oscillator.connect(destination)
  oscillator.start()
  const [track] = destination.stream.getAudioTracks()
  if (!track) throw new Error('no tone')
  return track
}

const videos = new WeakMap<MediaStreamTrack, HTMLVideoElement>()
const warnings: string[] = []
let transport: SfuTransport | null = null
let camera: MediaStream | null = null

/** The middle pixel of a picture that plays, as `r,g,b`; null while there is none. */
async function colourOf(stream: MediaStream | null | undefined): Promise<number[] | null> {
  const [track] = stream?.getVideoTracks() ?? []
  if (!stream || !track) return null
  const video = videos.get(track) ?? Object.assign(document.createElement('video'), { muted: true, autoplay: true })
  videos.set(track, video)
  if (video.srcObject === null) {
    video.srcObject = new MediaStream([track])
    document.body.append(video)
    await video.play().catch(() => {})
  }
  if (video.videoWidth === 0) return null
  const canvas = Object.assign(document.createElement('canvas'), { width: 8, height: 8 })
  const context = canvas.getContext('2d')
  context?.drawImage(video, 0, 0, 8, 8)
  return [...(context?.getImageData(4, 4, 1, 1).data.slice(0, 3) ?? [])]
}

const person = (id: string, screen = false): Participant =>
  ({ id, name: id, userId: id, mic: true, cam: true, screen, connection: 'connected' }) as unknown as Participant

const api = {
  warnings: () => warnings,
  enter(grant: Sfu, colour: string | null) {
    transport = new SfuTransport(
      {
        RTCPeerConnection,
        WebSocket,
        accessToken: () => Promise.resolve('access'),
        changed: () => {},
        report: (error) => warnings.push(String(error)),
      },
      grant,
    )
    if (colour === null) return
    camera = new MediaStream([...colourStream(colour).getTracks(), toneTrack()])
    transport.setLocal({ camera, screen: null })
  },
  expect(ids: string[], sharing: string[] = []) {
    transport?.sync(
      'me',
      ids.map((id) => person(id, sharing.includes(id))),
    )
  },
  share(colour: string | null) {
    transport?.setLocal({ camera, screen: colour === null ? null : colourStream(colour) })
  },
  view(cameras: Record<string, number> | null, screens: string[] = []) {
    transport?.setView(
      cameras === null ? null : { cameras: new Map(Object.entries(cameras)), screens: new Set(screens) },
    )
  },
  leave() {
    transport?.close()
    transport = null
  },
  session: () => transport?.sessionId ?? null,
  async seen(): Promise<Record<string, { camera: number[] | null; screen: number[] | null }>> {
    const all: Record<string, { camera: number[] | null; screen: number[] | null }> = {}
    for (const [id, media] of transport?.remote ?? [])
      all[id] = { camera: await colourOf(media.camera), screen: await colourOf(media.screen) }
    return all
  },
  async received() {
    const sample = await transport?.sample()
    return Object.fromEntries(
      [...(sample?.inbound ?? [])].map(([id, flows]) => [
        id,
        {
          audio: flows.filter(({ kind }) => kind === 'audio').reduce((n, { packets }) => n + packets, 0),
          frames: flows.reduce((n, { framesDecoded }) => n + framesDecoded, 0),
          bytes: flows.filter(({ kind }) => kind === 'video').reduce((n, { bytes }) => n + bytes, 0),
        },
      ]),
    )
  },
}

/** The longest time without a new picture of each person, in ms, as the page shows them: one video element a person. */
const gaps = new Map<string, number>()
const shown = new Map<string, HTMLVideoElement>()
let call: MediaSwitch | null = null

function watchGaps(id: string, stream: MediaStream): void {
  const known = shown.get(id)
  const video = known ?? Object.assign(document.createElement('video'), { muted: true, autoplay: true })
  shown.set(id, video)
  if (video.srcObject !== stream) video.srcObject = stream
  if (known) return
  document.body.append(video)
  let last: number | null = null
  const onFrame = (now: number) => {
    if (last !== null) gaps.set(id, Math.max(gaps.get(id) ?? 0, now - last))
    last = now
    video.requestVideoFrameCallback(onFrame)
  }
  video.requestVideoFrameCallback(onFrame)
}

const callApi = {
  /** Joins a mesh; `signalTo` carries signals to the others. */
  meet(self: string, others: string[], colour: string) {
    const send = (to: string, data: unknown) => void (window as unknown as Relay).signalTo(to, data)
    const changed = () => {
      for (const [id, { camera: seen }] of call?.remote ?? []) if (seen) watchGaps(id, seen)
    }
    const report = (error: unknown) => warnings.push(String(error))
    const accessToken = () => Promise.resolve('access')
    call = new MediaSwitch({ RTCPeerConnection, WebSocket, send, changed, report, accessToken }, { iceServers: [] })
    camera = new MediaStream([...colourStream(colour).getTracks(), toneTrack()])
    call.setLocal({ camera, screen: null })
    call.sync(
      self,
      others.map((id) => person(id)),
    )
  },
  hear: (from: string, data: unknown) => call?.mesh?.receive(from, data),
  move: (grant: Sfu) => call?.setSfu(grant),
  gaps: () => Object.fromEntries(gaps),
  resetGaps: () => gaps.clear(),
  carrier: () => ({ by: call?.carrier, mesh: call?.mesh !== null, session: call?.sfuSessionId }),
  end: () => call?.close(),
}
interface Relay {
  signalTo(to: string, data: unknown): Promise<void>
}
Object.assign(api, callApi)
export type SfuPage = typeof api & typeof callApi
Object.assign(window, { sfu: api })
