import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { WebhookMessage } from '@parley/contracts'

/** A delivery as it arrived. */
export interface Received {
  path: string
  headers: IncomingHttpHeaders
  body: string
  message: WebhookMessage
}

/** A receiver of webhooks on 127.0.0.1, which answers 204 unless `answer` gives another status. */
export async function startReceiver(port = 0) {
  const received: Received[] = []
  let answer: (delivery: Received) => number | Promise<number> = () => 204
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString()
      const message = JSON.parse(body) as WebhookMessage
      const delivery = { path: request.url ?? '', headers: request.headers, body, message }
      received.push(delivery)
      void Promise.resolve(answer(delivery)).then((status) => response.writeHead(status).end())
    })
  }).listen(port, '127.0.0.1')
  await once(server, 'listening')
  const { port: taken } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${taken}`,
    received,
    at: (path: string): Received[] => received.filter((delivery) => delivery.path === path),
    answer(by: typeof answer): void {
      answer = by
    },
    async stop() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
export type Receiver = Awaited<ReturnType<typeof startReceiver>>
