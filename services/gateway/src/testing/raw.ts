import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

export interface RawAnswer {
  status: number
  headers: Record<string, string>
  /** Everything after the first head. */
  rest: string
}

const patienceMs = 3_000

/** Opens a socket to the gateway. */
export async function open(url: string): Promise<Socket> {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  await once(socket, 'connect')
  return socket
}

/** Sends bytes as they are and reads until the other side closes, or falls silent after a whole head. */
export async function exchangeRaw(url: string, bytes: string): Promise<RawAnswer> {
  const socket = await open(url)
  const text = await new Promise<string>((resolve) => {
    let got = ''
    let quiet: NodeJS.Timeout | undefined
    const timer = setTimeout(() => resolve(got), patienceMs)
    const done = (): void => {
      clearTimeout(timer)
      clearTimeout(quiet)
      resolve(got)
    }
    socket.on('data', (chunk: Buffer) => {
      got += chunk.toString('latin1')
      clearTimeout(quiet)
      quiet = setTimeout(done, 150)
    })
    socket.on('close', done)
    socket.on('error', () => {})
    socket.write(bytes, 'latin1')
  })
  socket.destroy()
  return parse(text)
}

function parse(text: string): RawAnswer {
  const end = text.indexOf('\r\n\r\n')
  const [first = '', ...lines] = text.slice(0, end === -1 ? text.length : end).split('\r\n')
  const headers = Object.fromEntries(
    lines.map(
      (line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()] as const,
    ),
  )
  return { status: Number(first.split(' ')[1] ?? 0), headers, rest: end === -1 ? '' : text.slice(end + 4) }
}

export interface HandshakeOptions {
  path?: string
  method?: string
  protocols?: string
  /** More header lines, or other values of those of the handshake; null leaves one out. */
  headers?: Record<string, string | string[] | null>
}

/** The text of an opening handshake. */
export function handshake(
  url: string,
  { path = '/v1/ws', method = 'GET', protocols = 'parley.v1', headers = {} }: HandshakeOptions = {},
): string {
  const all: Record<string, string | string[] | null> = {
    Host: new URL(url).host,
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
    'Sec-WebSocket-Protocol': protocols,
    ...headers,
  }
  const lines = Object.entries(all).flatMap(([name, value]) =>
    value === null ? [] : [value].flat().map((one) => `${name}: ${one}`),
  )
  return `${method} ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`
}

export interface RawSocket {
  socket: Socket
  answer: RawAnswer
}

/** Opens a raw WebSocket: resolves when the head of the answer is there; bytes after it are put back on the socket. */
export async function openSocket(url: string, options: HandshakeOptions = {}, firstBytes = ''): Promise<RawSocket> {
  const socket = await open(url)
  socket.on('error', () => {})
  socket.write(handshake(url, options) + firstBytes, 'latin1')
  let got = Buffer.alloc(0)
  while (!got.includes('\r\n\r\n')) {
    const [chunk] = (await once(socket, 'data', { signal: AbortSignal.timeout(patienceMs) })) as [Buffer]
    got = Buffer.concat([got, chunk])
  }
  socket.pause()
  const end = got.indexOf('\r\n\r\n') + 4
  if (got.length > end) socket.unshift(got.subarray(end))
  return { socket, answer: parse(got.toString('latin1')) }
}
