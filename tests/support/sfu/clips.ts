import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A second of sound or of pictures, as payloads of RTP; it can be played again and again. */
export interface Clip {
  /** One after the other, each with the time it lasts in ticks of its clock. */
  frames: { payloads: Buffer[]; ticks: number }[]
  ticksPerSecond: number
}

const packetBytes = 1_100
const fps = 15

/** A camera that shows one colour: a second of VP8 that begins with a key frame (RFC 7741). */
export const colourClip = (colour: string): Clip =>
  inFolder((folder) => {
    const file = join(folder, 'clip.ivf')
    const codec = ['-c:v', 'libvpx', '-b:v', '150k', '-deadline', 'realtime', '-cpu-used', '8', '-g', `${fps}`]
    ffmpeg(`color=c=${colour}:s=320x180:r=${fps}:d=1`, [...codec, '-f', 'ivf', file])
    const frames = [...framesOf(readFileSync(file))].map((frame) => ({
      payloads: vp8Payloads(frame),
      ticks: 90_000 / fps,
    }))
    return { frames, ticksPerSecond: 90_000 }
  })

/** A microphone that hears one tone: a second of Opus in packets of 20 ms (RFC 7587). */
export const toneClip = (hz: number): Clip =>
  inFolder((folder) => {
    const file = join(folder, 'clip.ogg')
    const codec = ['-c:a', 'libopus', '-b:a', '32k', '-page_duration', '20000']
    ffmpeg(`sine=f=${hz}:r=48000:d=2`, [...codec, '-f', 'ogg', file])
    // The first and the last packets know of the beginning and the end.
    const frames = [...pagesOf(readFileSync(file))]
      .slice(27, 77)
      .map((payload) => ({ payloads: [payload], ticks: 960 }))
    return { frames, ticksPerSecond: 48_000 }
  })

function vp8Payloads(frame: Buffer): Buffer[] {
  const count = Math.ceil(frame.length / packetBytes)
  return Array.from({ length: count }, (_, part) =>
    Buffer.concat([Buffer.from([part === 0 ? 0x10 : 0]), frame.subarray(part * packetBytes, (part + 1) * packetBytes)]),
  )
}

const ffmpeg = (source: string, output: readonly string[]): Buffer =>
  execFileSync('ffmpeg', ['-v', 'error', '-f', 'lavfi', '-i', source, ...output])

function inFolder<T>(work: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'parley-clip-'))
  try {
    return work(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** IVF: a header of 32 bytes, then for each frame its length, its time, its bytes. */
function* framesOf(ivf: Buffer): Generator<Buffer> {
  for (let at = 32; at < ivf.length;) {
    const length = ivf.readUInt32LE(at)
    yield ivf.subarray(at + 12, at + 12 + length)
    at += 12 + length
  }
}

/** The contents of Ogg pages (RFC 3533), each of which holds one packet here. */
function* pagesOf(ogg: Buffer): Generator<Buffer> {
  for (let at = 0; at < ogg.length;) {
    const segments = ogg[at + 26] ?? 0
    const length = ogg.subarray(at + 27, at + 27 + segments).reduce((sum, one) => sum + one, 0)
    yield ogg.subarray(at + 27 + segments, at + 27 + segments + length)
    at += 27 + segments + length
  }
}
