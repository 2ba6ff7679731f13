import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Span } from '../film/mjr.ts'

interface Take {
  folder: string
  participantId: string
  /** Of the first packet, µs by the clock of Janus. */
  firstAtUs: number
  seconds: number
  /** When nothing is sent. */
  pauses?: readonly Span[]
}

interface Packet {
  atMs: number
  rtp: Buffer
}

let files = 0

/** A file as Janus records it, of a camera that shows one colour (after a pause with a key frame); made by ffmpeg and put into packets (RFC 7741). */
export function recordColour({ folder, ...take }: Take & { colour: string; description?: string }): string {
  const ivf = join(folder, 'take.ivf')
  const source = `color=c=${take.colour}:s=320x180:r=15:d=${take.seconds}`
  const codec = [
    '-c:v',
    'libvpx',
    '-b:v',
    '200k',
    '-deadline',
    'realtime',
    '-cpu-used',
    '8',
    '-g',
    take.pauses === undefined ? '900' : '1',
    '-f',
    'ivf',
  ]
  execFileSync('ffmpeg', ['-v', 'error', '-y', '-f', 'lavfi', '-i', source, ...codec, ivf])
  const packets = [...framesOf(readFileSync(ivf))].flatMap(({ index, frame }) =>
    [...Array(Math.ceil(frame.length / 1100)).keys()].map((part) => ({
      atMs: (index * 1000) / 15,
      rtp: rtp({
        type: 96,
        timestamp: index * 6000,
        marker: (part + 1) * 1100 >= frame.length,
        payload: Buffer.concat([Buffer.from([part === 0 ? 0x10 : 0]), frame.subarray(part * 1100, (part + 1) * 1100)]),
      }),
    })),
  )
  const { description } = take
  return writeMjr({ folder, ...take }, { t: 'v', c: 'vp8', ...(description && { d: description }) }, packets)
}

/** The same of a microphone that hears one tone (RFC 7587). */
export function recordTone({ folder, ...take }: Take & { hz: number }): string {
  const ogg = join(folder, 'take.ogg')
  const source = `sine=f=${take.hz}:r=48000:d=${take.seconds}`
  const codec = ['-c:a', 'libopus', '-b:a', '32k', '-page_duration', '20000', '-f', 'ogg']
  execFileSync('ffmpeg', ['-v', 'error', '-y', '-f', 'lavfi', '-i', source, ...codec, ogg])
  const packets = [...pagesOf(readFileSync(ogg))].slice(2).map((payload, index) => ({
    atMs: index * 20,
    rtp: rtp({ type: 111, timestamp: index * 960, marker: false, payload }),
  }))
  return writeMjr({ folder, ...take }, { t: 'a', c: 'opus' }, packets)
}

function rtp({
  type,
  timestamp,
  marker,
  payload,
}: {
  type: number
  timestamp: number
  marker: boolean
  payload: Buffer
}) {
  const header = Buffer.alloc(12)
  header[0] = 0x80
  header[1] = type | (marker ? 0x80 : 0)
  header.writeUInt32BE(timestamp, 4)
  header.writeUInt32BE(7, 8)
  return Buffer.concat([header, payload])
}

/** A paused track keeps no sequence numbers, as with a sender that stops. */
function writeMjr(
  { folder, participantId, firstAtUs, pauses = [] }: Take,
  info: { t: string; c: string; d?: string },
  packets: Packet[],
): string {
  const kind = info.t === 'a' ? 'audio' : 'video'
  const file = join(folder, `videoroom-room-user-${participantId}-${firstAtUs + files++}-${kind}-0.mjr`)
  const header = Buffer.from(JSON.stringify({ ...info, s: firstAtUs - 5_000, u: firstAtUs }))
  const sent = packets.filter(({ atMs }) => !pauses.some(({ fromMs, toMs }) => atMs >= fromMs && atMs < toMs))
  const length = Buffer.alloc(2)
  length.writeUInt16BE(header.length)
  const records = sent.map(({ atMs, rtp: packet }, sequence) => {
    const head = Buffer.alloc(10)
    head.write('MEET')
    head.writeUInt32BE(Math.round(atMs), 4)
    head.writeUInt16BE(packet.length, 8)
    packet.writeUInt16BE(sequence & 0xffff, 2)
    return Buffer.concat([head, packet])
  })
  writeFileSync(file, Buffer.concat([Buffer.from('MJR00002'), length, header, ...records]))
  return file
}

/** IVF: a header of 32 bytes, then for each frame its length, its time (in frames here), its bytes. */
function* framesOf(ivf: Buffer): Generator<{ index: number; frame: Buffer }> {
  for (let at = 32; at < ivf.length;) {
    const length = ivf.readUInt32LE(at)
    yield { index: Number(ivf.readBigUInt64LE(at + 4)), frame: ivf.subarray(at + 12, at + 12 + length) }
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
