import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { problem } from './gateway.ts'

/** One connection that a client has made. */
export interface EventConnection {
  headers: IncomingMessage['headers']
  path: string
  /** Writes to the stream; the head goes first. */
  send(text: string | Buffer): void
  end(): void
  /** Closes the connection in the middle. */
  cut(): void
  refuse(code: string, status: number, more?: Record<string, unknown>): void
  /** 204. */
  over(): void
  readonly closed: boolean
}

/** A real HTTP server whose answers a test writes, one connection after the other. */
export async function startEventServer(handle: (connection: EventConnection, count: number) => void) {
  const connections: EventConnection[] = []
  const server = createServer((request, response) => {
    const connection = connectionOf(request, response)
    connections.push(connection)
    handle(connection, connections.length)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    connections,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function connectionOf(request: IncomingMessage, response: ServerResponse): EventConnection {
  let closed = false
  response.on('close', () => (closed = true))
  const begin = () => {
    if (!response.headersSent) response.writeHead(200, { 'content-type': 'text/event-stream' })
  }
  return {
    headers: request.headers,
    path: request.url ?? '',
    send(text) {
      begin()
      response.write(text)
    },
    end() {
      begin()
      response.end()
    },
    cut: () => void request.socket.destroy(),
    refuse(code, status, more) {
      response.writeHead(status, { 'content-type': 'application/problem+json' })
      response.end(JSON.stringify(problem(code, status, more)))
    },
    over: () => void response.writeHead(204).end(),
    get closed() {
      return closed
    },
  }
}
