import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { text } from 'node:stream/consumers'

interface UpstreamRequest {
  method: string
  url: string
  headers: IncomingMessage['headers']
  rawHeaders: readonly string[]
  body: string
}

export interface Upstream {
  url: string
  /** Requests that arrived whole, in order. */
  seen: UpstreamRequest[]
  /** Connections accepted and requests begun so far: over a kept connection a request costs no new one. */
  touches(): number
  /** Sockets that became WebSockets. */
  sockets: Socket[]
  /** How to answer; by default what was seen, as JSON. */
  answer: (request: IncomingMessage, response: ServerResponse, seen: UpstreamRequest) => void
  /** The handler of an upgrade; by default agree and send every byte back. */
  upgrade: (request: IncomingMessage, socket: Socket, head: Buffer) => void
  /** Closes the port and every connection, at once. */
  kill(): Promise<void>
}

/** A real HTTP and WebSocket server that stands behind the gateway in a test. */
export async function startUpstream(name: string): Promise<Upstream> {
  const seen: UpstreamRequest[] = []
  const connections = new Set<Socket>()
  let touches = 0
  const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => void serve(request, response))
  const upstream: Upstream = {
    url: '',
    seen,
    sockets: [],
    touches: () => touches,
    answer: (_request, response, { method, url }) => {
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify({ from: name, method, url }))
    },
    upgrade: (request, socket, head) => {
      agree(request, socket)
      if (head.length > 0) socket.write(head)
      socket.pipe(socket)
    },
    kill: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const socket of connections) socket.destroy()
      }),
  }
  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.url === '/livez') {
      // The gateway asks the nodes of its pipes whether they live; that is no trace of a request.
      touches -= 1
      response.setHeader('connection', 'close').end('{}')
      return
    }
    touches += 1
    const { method = '', url = '', headers, rawHeaders } = request
    const entry = { method, url, headers, rawHeaders, body: await text(request).catch(() => '(cut off)') }
    seen.push(entry)
    upstream.answer(request, response, entry)
  }
  server.on('connection', (socket: Socket) => {
    touches += 1
    connections.add(socket)
    socket.on('error', () => socket.destroy())
    socket.on('close', () => connections.delete(socket))
  })
  server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
    touches += 1
    const { method = '', url = '', headers, rawHeaders } = request
    seen.push({ method, url, headers, rawHeaders, body: '' })
    upstream.sockets.push(socket)
    upstream.upgrade(request, socket, head)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  upstream.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return upstream
}

/** The server's half of the opening handshake (RFC 6455, 4.2.2). */
export function agree(request: IncomingMessage, socket: Socket): void {
  const key = request.headers['sec-websocket-key'] ?? ''
  const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
      `Sec-WebSocket-Accept: ${accept}\r\nSec-WebSocket-Protocol: parley.v1\r\n\r\n`,
  )
}
