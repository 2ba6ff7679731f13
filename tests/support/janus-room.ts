import { createHmac, randomUUID } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import type { Sfu } from '@parley/contracts'
import type { RunningJanus } from '@parley/kit/testing'
import { WebSocket, WebSocketServer } from 'ws'

/** The files of a page besides the WebSocket, by path. */
export type Files = ReadonlyMap<string, { type: string; body: string }>

/** A VideoRoom of a real Janus behind a WebSocket that can be cut: as much of the product as the SDK's SFU client needs. */
export interface JanusRoom {
  url: string
  grant(feed: string): Sfu
  /** Asks the VideoRoom with the room's secret. */
  ask(body: Record<string, unknown>): Promise<Record<string, unknown>>
  /** How many WebSockets have been opened so far. */
  opened(): number
  /** Breaks all WebSockets. Those of `feeds` are refused until `mend`. */
  cut(feeds?: readonly string[]): void
  mend(): void
  stop(): Promise<void>
}

const tokenSeconds = 600

export async function startJanusRoom(janus: RunningJanus, files: Files = new Map()): Promise<JanusRoom> {
  const http = createServer((request, response) => {
    const file = files.get(request.url ?? '')
    response.writeHead(file ? 200 : 404, { 'content-type': file?.type ?? 'text/plain' }).end(file?.body)
  })
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  const port = (http.address() as AddressInfo).port
  const pipes = pipeTo(http, janus.url)
  const room = randomUUID()
  const secret = randomUUID()
  const admin = await openAdmin(janus)
  await admin({ request: 'create', room, secret, admin_key: janus.secrets.adminKey, ...roomSettings })
  return {
    url: `http://127.0.0.1:${port}`,
    grant: (feed) => ({
      url: `ws://127.0.0.1:${port}/v1/janus/${janus.id}?feed=${feed}`,
      subprotocol: 'janus-protocol',
      token: signed(janus.secrets.tokenSecret, 'janus,janus.plugin.videoroom'),
      room,
      roomToken: signed(janus.secrets.tokenSecret, `janus.plugin.videoroom,room=${room}`),
      feed,
      iceServers: [],
      expiresAt: new Date(Date.now() + tokenSeconds * 1000).toISOString(),
    }),
    ask: (body) => admin({ room, secret, ...body }),
    opened: pipes.opened,
    cut: pipes.cut,
    mend: pipes.mend,
    async stop() {
      await admin.close()
      pipes.cut()
      http.closeAllConnections()
      http.close()
    },
  }
}

const roomSettings = {
  publishers: 60,
  is_private: true,
  signed_tokens: true,
  require_pvtid: true,
  audiocodec: 'opus',
  videocodec: 'vp8',
  bitrate: 2_000_000,
  fir_freq: 0,
}

/** `EXPIRY,what:BASE64(HMAC-SHA1(secret, before the colon))`, as Janus checks it. */
function signed(secret: string, what: string): string {
  const text = `${Math.floor(Date.now() / 1000) + tokenSeconds},${what}`
  return `${text}:${createHmac('sha1', secret).update(text).digest('base64')}`
}

function pipeTo(http: Server, janusUrl: string) {
  const server = new WebSocketServer({ server: http, handleProtocols: () => 'janus-protocol' })
  const open = new Set<WebSocket>()
  let count = 0
  let refused: readonly string[] = []
  server.on('connection', (client, { url }) => {
    if (refused.some((feed) => url?.endsWith(`feed=${feed}`))) return client.terminate()
    count += 1
    open.add(client)
    const behind = new WebSocket(janusUrl, 'janus-protocol')
    const early: string[] = []
    client.on('message', (data) => {
      if (behind.readyState === WebSocket.OPEN) behind.send(String(data))
      else early.push(String(data))
    })
    behind.on('open', () => early.forEach((text) => behind.send(text)))
    behind.on('message', (data) => client.send(String(data)))
    behind.on('error', () => client.terminate())
    behind.on('close', () => client.close())
    client.on('close', () => {
      open.delete(client)
      behind.terminate()
    })
  })
  return {
    opened: () => count,
    mend: () => void (refused = []),
    cut(feeds: readonly string[] = []) {
      refused = feeds
      for (const client of open) client.terminate()
    },
  }
}

/** A session for what the media service does. */
async function openAdmin(janus: RunningJanus) {
  const socket = new WebSocket(janus.url, 'janus-protocol')
  await once(socket, 'open')
  const waiting = new Map<string, (answer: Record<string, unknown>) => void>()
  socket.on('message', (data) => {
    const answer = JSON.parse(String(data)) as Record<string, unknown>
    const transaction = String(answer['transaction'])
    if (answer['janus'] === 'ack') return
    waiting.get(transaction)?.(answer)
    waiting.delete(transaction)
  })
  const token = signed(janus.secrets.tokenSecret, 'janus,janus.plugin.videoroom')
  const ask = (message: Record<string, unknown>) =>
    new Promise<Record<string, unknown>>((resolve) => {
      const transaction = randomUUID()
      waiting.set(transaction, resolve)
      socket.send(JSON.stringify({ ...message, transaction, token }))
    })
  const idOf = (answer: Record<string, unknown>) => (answer['data'] as { id: number }).id
  const session = idOf(await ask({ janus: 'create' }))
  const handle = idOf(await ask({ janus: 'attach', session_id: session, plugin: 'janus.plugin.videoroom' }))
  const alive = setInterval(
    () => socket.send(JSON.stringify({ janus: 'keepalive', session_id: session, token, transaction: 'k' })),
    20_000,
  )
  const request = async (body: Record<string, unknown>) => {
    const answer = await ask({ janus: 'message', session_id: session, handle_id: handle, body })
    const data = (answer['plugindata'] as { data: Record<string, unknown> } | undefined)?.data
    if (!data || data['error']) throw new Error(`Janus refused ${JSON.stringify(body)}: ${JSON.stringify(answer)}`)
    return data
  }
  const close = async () => {
    clearInterval(alive)
    socket.close()
    if (socket.readyState !== WebSocket.CLOSED) await once(socket, 'close')
  }
  return Object.assign(request, { close })
}
