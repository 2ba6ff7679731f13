import { once } from 'node:events'
import type { Socket } from 'node:net'

const patienceMs = 15_000

export interface Frame {
  opcode: number
  payload: Buffer
}

/** A masked frame as a client sends it; short or of a 16-bit length. The mask is zero: bytes stay as they are. */
export function clientFrame(payload: Buffer | string, opcode = 1): Buffer {
  const body = Buffer.from(payload)
  const { length } = body
  const size = length < 126 ? [0x80 | length] : [0x80 | 126, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from([0x80 | opcode, ...size, 0, 0, 0, 0]), body])
}

/** The next frame of a server; what comes after it is put back on the socket. */
export async function nextFrame(socket: Socket): Promise<Frame> {
  let got: Buffer = Buffer.alloc(0)
  for (;;) {
    const next = take(got)
    if (next !== null) {
      socket.pause()
      if (next.rest.length > 0) socket.unshift(next.rest)
      return next.frame
    }
    const [chunk] = (await once(socket.resume(), 'data', { signal: AbortSignal.timeout(patienceMs) })) as [Buffer]
    got = Buffer.concat([got, chunk])
  }
}

/** Reads a server's frames from a socket until it ends; what is left of a frame cut short is in `rest`. */
export async function readFrames(socket: Socket): Promise<{ frames: Frame[]; rest: Buffer }> {
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  socket.resume()
  await Promise.race([once(socket, 'end'), once(socket, 'close')])
  const frames: Frame[] = []
  let rest: Buffer = Buffer.concat(chunks)
  for (let next = take(rest); next !== null; next = take(rest)) {
    frames.push(next.frame)
    rest = next.rest
  }
  return { frames, rest }
}

function take(bytes: Buffer): { frame: Frame; rest: Buffer } | null {
  if (bytes.length < 2) return null
  const short = (bytes[1] ?? 0) & 0x7f
  const head = short < 126 ? 2 : short === 126 ? 4 : 10
  if (bytes.length < head) return null
  const length = short < 126 ? short : short === 126 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2))
  if (bytes.length < head + length) return null
  const opcode = (bytes[0] ?? 0) & 0x0f
  return { frame: { opcode, payload: bytes.subarray(head, head + length) }, rest: bytes.subarray(head + length) }
}

/** The code of a close frame; null for any other. */
export const codeOf = (frame: Frame | undefined): number | null =>
  frame?.opcode === 8 && frame.payload.length >= 2 ? frame.payload.readUInt16BE() : null
