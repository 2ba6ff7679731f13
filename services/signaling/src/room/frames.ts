import type { ServerMessage } from '@parley/contracts'

/**
 * A WebSocket text frame as a server sends it: final, unmasked, uncompressed (RFC 6455 §5.2). Built once, the same bytes go
 * to every socket.
 */
export function textFrame(text: string): Buffer {
  const length = Buffer.byteLength(text)
  const header = length < 126 ? 2 : length < 65_536 ? 4 : 10
  const frame = Buffer.allocUnsafe(header + length)
  frame[0] = 0x81
  if (header === 2) frame[1] = length
  else if (header === 4) {
    frame[1] = 126
    frame.writeUInt16BE(length, 2)
  } else {
    frame[1] = 127
    frame.writeBigUInt64BE(BigInt(length), 2)
  }
  frame.write(text, header, 'utf8')
  return frame
}

export const messageFrame = (message: ServerMessage): Buffer => textFrame(JSON.stringify(message))

/** An answer, or an error, to one request; kept as text, for a small frame holds on to 8 KiB of Node's buffer pool. */
export const answerText = (type: string, requestId: string | undefined, payload: unknown): string =>
  JSON.stringify({ type, requestId, payload })

/** What tells a client whether it missed something; `room` is null where it is in none. */
export const pingFrame = (
  room: { state: { v: number }; chatSeq: number; chatRev: number } | null,
  now: number,
): Buffer => {
  const { chatSeq, chatRev } = room ?? { chatSeq: 0, chatRev: 0 }
  const payload = { v: room?.state.v ?? 0, chatSeq, chatRev, serverTime: new Date(now).toISOString() }
  return messageFrame({ type: 'ping', payload })
}
