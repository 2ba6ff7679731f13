import { once } from 'node:events'
import type { Socket } from 'node:net'

export interface Frame {
  opcode: number
  payload: Buffer
}

/** A frame as a server sends it, of any length below 2^32. */
export function serverFrame(payload: Buffer | string, opcode = 1): Buffer {
  const body = Buffer.from(payload)
  const { length } = body
  if (length < 126) return Buffer.concat([Buffer.from([0x80 | opcode, length]), body])
  if (length < 65_536) return Buffer.concat([Buffer.from([0x80 | opcode, 126, length >> 8, length & 0xff]), body])
  const head = Buffer.alloc(10)
  head.writeUInt16BE(((0x80 | opcode) << 8) | 127)
  head.writeUInt32BE(length, 6)
  return Buffer.concat([head, body])
}

/** A close frame of a server with only a code. */
export const serverClose = (code: number): Buffer => serverFrame(Buffer.from([code >> 8, code & 0xff]), 8)

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
