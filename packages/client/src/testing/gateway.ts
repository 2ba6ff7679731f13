import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { WebSocketServer, type WebSocket } from 'ws'

interface ReceivedRequest {
  route: string
  url: URL
  headers: IncomingMessage['headers']
  body: unknown
}
interface Answer {
  status: number
  body?: unknown
  headers?: Record<string, string>
}
/** `hang`: no answer at all; `cut`: the connection is closed without one. */
type Handler = (asked: ReceivedRequest) => Answer | 'hang' | 'cut'

/** A real HTTP and WebSocket server that answers what a test tells it to. */
export interface TestGateway {
  url: string
  wsUrl: string
  asked: ReceivedRequest[]
  /** `route`: `POST /v1/auth/login`. */
  on(route: string, handler: Handler): void
  /** Called with each socket that was opened. */
  onSocket(handler: (socket: WebSocket, request: IncomingMessage) => void): void
  close(): Promise<void>
}

export async function startTestGateway(): Promise<TestGateway> {
  const handlers = new Map<string, Handler>()
  const asked: ReceivedRequest[] = []
  let accept: (socket: WebSocket, request: IncomingMessage) => void = () => {}
  const server = createServer((request, response) => {
    read(request).then(
      (text) => answer(request, response, text),
      () => response.destroy(),
    )
  })
  const answer = (request: IncomingMessage, response: ServerResponse, text: string) => {
    const url = new URL(request.url ?? '/', 'http://test')
    const route = `${request.method} ${url.pathname}`
    const call = { route, url, headers: request.headers, body: text === '' ? undefined : (JSON.parse(text) as unknown) }
    asked.push(call)
    const result = handlers.get(route)?.(call) ?? { status: 404, body: problem('not-found', 404) }
    if (result === 'hang') return
    if (result === 'cut') return request.socket.destroy()
    const type = result.status < 400 ? 'application/json' : 'application/problem+json'
    response.writeHead(result.status, { 'content-type': type, ...result.headers })
    response.end(
      typeof result.body === 'string' || result.body === undefined ? result.body : JSON.stringify(result.body),
    )
  }
  const sockets = new WebSocketServer({
    server,
    path: '/v1/ws',
    handleProtocols: (protocols) => protocols.has('parley.v1') && 'parley.v1',
  })
  sockets.on('connection', (socket, request) => accept(socket, request))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    wsUrl: `ws://127.0.0.1:${port}/v1/ws`,
    asked,
    on: (route, handler) => void handlers.set(route, handler),
    onSocket: (handler) => {
      accept = handler
    },
    async close() {
      for (const socket of sockets.clients) socket.terminate()
      sockets.close()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

export const problem = (code: string, status: number, more: Record<string, unknown> = {}) => ({
  type: `/problems/${code}`,
  title: code,
  status,
  detail: `It is ${code}`,
  code,
  retryable: status === 429 || status >= 500,
  ...more,
})

async function read(request: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of request) text += String(chunk)
  return text
}
