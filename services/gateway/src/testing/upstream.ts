import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { createLinkNode, type LinkNode } from './link-node.ts'

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
  /** Connections accepted, requests begun and clients attached so far: over a kept connection a request costs no new one. */
  touches(): number
  /** The clients and links that it has if it is a signaling node. */
  node: LinkNode
  /** How to answer; by default what was seen, as JSON. */
  answer: (request: IncomingMessage, response: ServerResponse, seen: UpstreamRequest) => void
  /** Whether it waits for the body before it answers; by default it does. */
  readsBodies: boolean
  /** Closes the port and every connection, at once. */
  kill(): Promise<void>
}

/** A real HTTP server, with the links of a signaling node, that stands behind the gateway in a test. */
export async function startUpstream(name: string): Promise<Upstream> {
  const seen: UpstreamRequest[] = []
  const connections = new Set<Socket>()
  const node = createLinkNode()
  let touches = 0
  const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => void serve(request, response))
  const upstream: Upstream = {
    url: '',
    seen,
    node,
    readsBodies: true,
    touches: () => touches + node.sessions.length,
    answer: (_request, response, { method, url }) => {
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify({ from: name, method, url }))
    },
    kill: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const socket of connections) socket.destroy()
      }),
  }
  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    touches += 1
    const { method = '', url = '', headers, rawHeaders } = request
    const body = upstream.readsBodies ? await text(request).catch(() => '(cut off)') : '(not read)'
    const entry = { method, url, headers, rawHeaders, body }
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
    // A link is no trace of a client.
    touches -= 1
    node.upgrade(request, socket, head)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  upstream.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return upstream
}
