import type { CastClass } from '@parley/contracts'

/** A record as it was read: its bytes are part of the message that it came in. */
export interface LinkRecord {
  kind: number
  /** A session or a group. */
  id: number
  body: Buffer
}

/** Kind (1 byte), id (4), length of the body (4). Numbers are big-endian. */
export const headBytes = 9

/** A message of the link that is not one. */
export class LinkFormatError extends Error {}

/** The records of a message, in order. @throws LinkFormatError in the middle, where it is cut off */
export function* readRecords(message: Buffer): Generator<LinkRecord> {
  let at = 0
  while (at < message.length) {
    if (at + headBytes > message.length) throw new LinkFormatError('A record is cut off')
    const end = at + headBytes + message.readUInt32BE(at + 5)
    if (end > message.length) throw new LinkFormatError('The body of a record is cut off')
    yield { kind: message.readUInt8(at), id: message.readUInt32BE(at + 1), body: message.subarray(at + headBytes, end) }
    at = end
  }
}

/** One message of these records. */
export function writeRecords(records: readonly LinkRecord[]): Buffer {
  const message = Buffer.allocUnsafe(records.reduce((sum, { body }) => sum + headBytes + body.length, 0))
  let at = 0
  for (const { kind, id, body } of records) {
    message.writeUInt8(kind, at)
    message.writeUInt32BE(id, at + 1)
    message.writeUInt32BE(body.length, at + 5)
    body.copy(message, at + headBytes)
    at += headBytes + body.length
  }
  return message
}

export const numberBody = (value: number): Buffer => {
  const body = Buffer.allocUnsafe(4)
  body.writeUInt32BE(value)
  return body
}

/** @throws LinkFormatError */
export function readNumber(body: Buffer): number {
  if (body.length !== 4) throw new LinkFormatError('A number has 4 bytes')
  return body.readUInt32BE(0)
}

export const jsonBody = (value: object): Buffer => Buffer.from(JSON.stringify(value))

/** @throws LinkFormatError */
export function readJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'))
  } catch (cause) {
    throw new LinkFormatError('A body is not JSON', { cause })
  }
}

/** One frame for a whole group. */
export interface Cast {
  kind: CastClass
  /** The version of the room that it leads to; 0: it is not state. */
  v: number
  /** Sessions of the group that do not get it. */
  except: readonly number[]
  frame: Buffer
}

/** Class (1 byte), version (8, a double), how many are left out (2), each of them (4), then the frame. */
const castHeadBytes = 11

export const maxExceptions = 65_535

export function castBody({ kind, v, except, frame }: Cast): Buffer {
  const body = Buffer.allocUnsafe(castHeadBytes + 4 * except.length + frame.length)
  body.writeUInt8(kind === 'passing' ? 1 : 0, 0)
  body.writeDoubleBE(v, 1)
  body.writeUInt16BE(except.length, 9)
  for (const [index, id] of except.entries()) body.writeUInt32BE(id, castHeadBytes + 4 * index)
  frame.copy(body, castHeadBytes + 4 * except.length)
  return body
}

/** The frame is a copy: what waits for a slow client must not keep the whole message. @throws LinkFormatError */
export function readCast(body: Buffer): Cast {
  if (body.length < castHeadBytes) throw new LinkFormatError('A cast is cut off')
  const count = body.readUInt16BE(9)
  const start = castHeadBytes + 4 * count
  if (body.length < start) throw new LinkFormatError('A cast is cut off')
  return {
    kind: body.readUInt8(0) === 1 ? 'passing' : 'state',
    v: body.readDoubleBE(1),
    except: Array.from({ length: count }, (_, index) => body.readUInt32BE(castHeadBytes + 4 * index)),
    frame: Buffer.from(body.subarray(start)),
  }
}
