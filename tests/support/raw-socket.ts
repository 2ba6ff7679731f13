import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { eventually } from '@parley/kit/testing'

/**
 * A masked frame as a client sends it (RFC 6455 §5.2). `first` is its first byte: FIN 0x80, RSV1–3 0x70, opcode 0x0f.
 */
export function frame(first: number, payload: Buffer | string = '', { masked = true } = {}): Buffer {
  const data = Buffer.from(payload)
  const key = masked ? randomBytes(4) : Buffer.alloc(0)
  if (masked) for (let at = 0; at < data.length; at++) data[at] = (data[at] ?? 0) ^ (key[at % 4] ?? 0)
  return Buffer.concat([Buffer.from([first]), lengthOf(data.length, masked), key, data])
}

function lengthOf(length: number, masked: boolean): Buffer {
  const bit = masked ? 0x80 : 0
  if (length < 126) return Buffer.from([bit | length])
  if (length < 65_536) return Buffer.from([bit | 126, length >> 8, length & 0xff])
  const long = Buffer.alloc(9)
  long[0] = bit | 127
  long.writeBigUInt64BE(BigInt(length), 1)
  return long
}

const patienceMs = 10_000

/** A WebSocket by hand: after the handshake any bytes may be sent; frames of the server are read. */
export class RawSocket {
  /** The answer to the handshake. */
  readonly head: string
  /** Gone without a close frame, or with one: its code; 1005 for one without. */
  closed: number | null = null
  readonly #socket: Socket
  #unread: Buffer
  #text = ''

  private constructor(socket: Socket, head: string, rest: Buffer) {
    this.#socket = socket
    this.head = head
    this.#unread = rest
    this.#read()
    socket.on('data', (chunk: Buffer) => {
      this.#unread = Buffer.concat([this.#unread, chunk])
      this.#read()
    })
    socket.on('close', () => (this.closed ??= 1006))
  }

  /** Rejects when the handshake is refused. */
  static async open(gateway: string, token?: string, headers: Record<string, string> = {}): Promise<RawSocket> {
    const { hostname, port } = new URL(gateway)
    const socket = connect(Number(port), hostname)
    // A close follows.
    socket.on('error', () => socket.destroy())
    await once(socket, 'connect')
    const lines = Object.entries({
      Host: `${hostname}:${port}`,
      Connection: 'Upgrade',
      Upgrade: 'websocket',
      'Sec-WebSocket-Version': '13',
      'Sec-WebSocket-Key': randomBytes(16).toString('base64'),
      'Sec-WebSocket-Protocol': token === undefined ? 'parley.v1' : `parley.v1, bearer.${token}`,
      ...headers,
    }).map(([name, value]) => `${name}: ${value}\r\n`)
    socket.write(`GET /v1/ws HTTP/1.1\r\n${lines.join('')}\r\n`)
    let got = Buffer.alloc(0)
    while (!got.includes('\r\n\r\n')) {
      const [chunk] = (await once(socket, 'data', { signal: AbortSignal.timeout(patienceMs) })) as [Buffer]
      got = Buffer.concat([got, chunk])
    }
    const end = got.indexOf('\r\n\r\n') + 4
    const head = got.subarray(0, end).toString('latin1')
    if (!head.startsWith('HTTP/1.1 101')) throw new Error(`refused: ${head.split('\r\n')[0]}`)
    return new RawSocket(socket, head, got.subarray(end))
  }

  write(...parts: readonly Buffer[]): void {
    if (!this.#socket.destroyed) this.#socket.write(Buffer.concat(parts))
  }

  /** Everything that came in text frames. */
  text(): string {
    return this.#text
  }

  async waitForText(part: string): Promise<void> {
    await eventually(() => {
      if (!this.#text.includes(part)) throw new Error(`no ${part}; closed: ${this.closed}`)
    }, patienceMs)
  }

  /** How the server closed it; 1006 when it just went. */
  closeCode(withinMs = patienceMs): Promise<number> {
    return eventually(() => {
      if (this.closed === null) throw new Error('still open')
      return this.closed
    }, withinMs)
  }

  end(): void {
    this.#socket.destroy()
  }

  /** Server frames are unmasked and never in fragments. */
  #read(): void {
    for (;;) {
      const [first, second] = this.#unread
      if (first === undefined || second === undefined) return
      const extended = second === 126 ? 2 : second === 127 ? 8 : 0
      const header = 2 + extended
      if (this.#unread.length < header) return
      const length =
        extended === 0
          ? second
          : extended === 2
            ? this.#unread.readUInt16BE(2)
            : Number(this.#unread.readBigUInt64BE(2))
      if (this.#unread.length < header + length) return
      this.#take(first & 0x0f, this.#unread.subarray(header, header + length))
      this.#unread = this.#unread.subarray(header + length)
    }
  }

  #take(opcode: number, payload: Buffer): void {
    if (opcode === 1) this.#text += payload.toString()
    if (opcode === 8) this.closed ??= payload.length >= 2 ? payload.readUInt16BE(0) : 1005
  }
}
