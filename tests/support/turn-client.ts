import { createHash, createHmac, randomBytes } from 'node:crypto'
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { isIPv6 } from 'node:net'

/**
 * A TURN client over UDP that says what a test tells it to. STUN: RFC 8489 §5 (header), §9.2 (long-term credentials), §14 (attributes);
 * TURN: RFC 8656 §18 (methods, attributes).
 */

const methods = { allocate: 0x003, createPermission: 0x008, channelBind: 0x009 } as const
type Method = keyof typeof methods
const attribute = {
  username: 0x0006,
  integrity: 0x0008,
  errorCode: 0x0009,
  channel: 0x000c,
  peer: 0x0012,
  realm: 0x0014,
  nonce: 0x0015,
  family: 0x0017,
  transport: 0x0019,
} as const
const cookie = 0x2112a442
const udp = 17
const ipv4 = 1
const ipv6 = 2
const firstChannel = 0x4000
const discardPort = 9
const integrityBytes = 24
const answerTimeoutMs = 5_000
const resendAfterMs = 500

export interface Login {
  username: string
  credential: string
}

/** 200, or the error code of the answer: 401 not known, 403 forbidden peer, 443 other address family, 486 quota. */
type Code = number

export interface TurnClient {
  /** Asks for a relay, of IPv6 when it says so. */
  allocate(login: Login, family?: 4 | 6): Promise<Code>
  /** Asks to relay to and from this address, in both ways that there are; the codes of both. */
  reach(address: string): Promise<readonly [permission: Code, channel: Code]>
  close(): void
}

export function openTurnClient(server: { host: string; port: number }): TurnClient {
  const socket = createSocket('udp4')
  let auth: Auth | undefined
  let channel = firstChannel
  const send = (method: Method, attributes: (transaction: Buffer) => Buffer[]): Promise<Answer> => {
    const transaction = randomBytes(12)
    return exchange(socket, server, { transaction, bytes: message(methods[method], transaction, attributes, auth) })
  }
  return {
    async allocate(login, family = 4) {
      const wanted = () => [
        field(attribute.transport, Buffer.from([udp, 0, 0, 0])),
        ...(family === 6 ? [field(attribute.family, Buffer.from([ipv6, 0, 0, 0]))] : []),
      ]
      // The first answer is a refusal that carries the realm and the nonce.
      auth = undefined
      const { realm, nonce } = await send('allocate', wanted)
      auth = { ...login, realm, nonce }
      return (await send('allocate', wanted)).code
    },
    async reach(address) {
      const peer = (transaction: Buffer) => field(attribute.peer, xorAddress(address, transaction))
      const permission = await send('createPermission', (transaction) => [peer(transaction)])
      const number = Buffer.alloc(4)
      number.writeUInt16BE(channel++)
      const bound = await send('channelBind', (transaction) => [field(attribute.channel, number), peer(transaction)])
      return [permission.code, bound.code]
    },
    close: () => void socket.close(),
  }
}

interface Auth extends Login {
  realm: string
  nonce: string
}

interface Answer {
  code: Code
  realm: string
  nonce: string
}

function message(
  type: number,
  transaction: Buffer,
  attributes: (transaction: Buffer) => Buffer[],
  auth?: Auth,
): Buffer {
  const login = auth
    ? [
        field(attribute.username, Buffer.from(auth.username)),
        field(attribute.realm, Buffer.from(auth.realm)),
        field(attribute.nonce, Buffer.from(auth.nonce)),
      ]
    : []
  const body = Buffer.concat([...attributes(transaction), ...login])
  if (auth === undefined) return Buffer.concat([header(type, body.length, transaction), body])
  const key = createHash('md5').update(`${auth.username}:${auth.realm}:${auth.credential}`).digest()
  // The length counts the integrity, which is not there yet when it is computed.
  const signed = Buffer.concat([header(type, body.length + integrityBytes, transaction), body])
  return Buffer.concat([signed, field(attribute.integrity, createHmac('sha1', key).update(signed).digest())])
}

function header(type: number, length: number, transaction: Buffer): Buffer {
  const start = Buffer.alloc(8)
  start.writeUInt16BE(type, 0)
  start.writeUInt16BE(length, 2)
  start.writeUInt32BE(cookie, 4)
  return Buffer.concat([start, transaction])
}

function field(type: number, value: Buffer): Buffer {
  const start = Buffer.alloc(4)
  start.writeUInt16BE(type, 0)
  start.writeUInt16BE(value.length, 2)
  return Buffer.concat([start, value, Buffer.alloc((4 - (value.length % 4)) % 4)])
}

/** Sends a request, again while there is no answer (RFC 8489 §6.2.1), and waits for the answer to it. */
async function exchange(
  socket: Socket,
  { host, port }: { host: string; port: number },
  request: { transaction: Buffer; bytes: Buffer },
): Promise<Answer> {
  const deadline = AbortSignal.timeout(answerTimeoutMs)
  const send = () => socket.send(request.bytes, port, host)
  const again = setInterval(send, resendAfterMs)
  try {
    send()
    for (;;) {
      const [bytes] = (await once(socket, 'message', { signal: deadline })) as [Buffer]
      if (bytes.subarray(8, 20).equals(request.transaction)) return read(bytes)
    }
  } finally {
    clearInterval(again)
  }
}

/** Success or error, by the class bits of the type (RFC 8489 §5). */
function read(bytes: Buffer): Answer {
  const values = new Map<number, Buffer>()
  for (let at = 20; at + 4 <= bytes.length;) {
    const length = bytes.readUInt16BE(at + 2)
    values.set(bytes.readUInt16BE(at), bytes.subarray(at + 4, at + 4 + length))
    at += 4 + Math.ceil(length / 4) * 4
  }
  const error = values.get(attribute.errorCode)
  const isError = (bytes.readUInt16BE(0) & 0x0110) === 0x0110
  return {
    code: isError ? (error?.[2] ?? 0) * 100 + (error?.[3] ?? 0) : 200,
    realm: String(values.get(attribute.realm) ?? ''),
    nonce: String(values.get(attribute.nonce) ?? ''),
  }
}

/** The value of XOR-PEER-ADDRESS (RFC 8489 §14.2), with port 9. */
function xorAddress(address: string, transaction: Buffer): Buffer {
  const mask = Buffer.alloc(4)
  mask.writeUInt32BE(cookie)
  const whole = Buffer.concat([mask, transaction])
  const xored = bytesOf(address).map((byte, index) => byte ^ (whole[index] ?? 0))
  const start = Buffer.from([0, isIPv6(address) ? ipv6 : ipv4, 0, 0])
  start.writeUInt16BE(discardPort ^ (cookie >>> 16), 2)
  return Buffer.concat([start, xored])
}

function bytesOf(address: string): Buffer {
  if (!isIPv6(address)) return Buffer.from(address.split('.').map(Number))
  // A URL writes every form of IPv6 in groups of hexadecimal digits.
  const [left = '', right] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::')
  const groups = (text: string): number[] =>
    text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16))
  const [before, after] = [groups(left), groups(right ?? '')]
  const all = [...before, ...Array.from({ length: 8 - before.length - after.length }, () => 0), ...after]
  return Buffer.from(all.flatMap((group) => [group >> 8, group & 0xff]))
}
