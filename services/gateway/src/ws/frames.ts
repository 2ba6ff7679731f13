import { closeCodes, type CloseReason } from '@parley/contracts'

/** A server's text frame with one message (RFC 6455, 5.2); for messages of at most 125 bytes. */
export function messageFrame(text: string): Buffer {
  return frame(0x81, Buffer.from(text))
}

/** A server's close frame: the code, and its name for a human. */
export function closeFrame(reason: CloseReason): Buffer {
  const payload = Buffer.alloc(2 + Buffer.byteLength(reason))
  payload.writeUInt16BE(closeCodes[reason].code)
  payload.write(reason, 2)
  return frame(0x88, payload)
}

const maxShortLength = 125

function frame(firstByte: number, payload: Buffer): Buffer {
  if (payload.length > maxShortLength) throw new RangeError(`${payload.length} bytes do not fit into a short frame`)
  return Buffer.concat([Buffer.from([firstByte, payload.length]), payload])
}
